use super::*;
use crate::ground::tests::rectangle;
use crate::problem::Fault;

fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

fn place(number: u8, level: &str, households: Option<u32>, boundary: Option<Boundary>) -> Place {
    Place {
        id: id(number),
        level: level.into(),
        code: None,
        name: format!("{number}号"),
        parent: (number > 0).then(|| id(0)),
        households,
        boundary,
        valid_from: Timestamp::EPOCH,
        valid_until: None,
    }
}

fn report(outline: Option<Boundary>, grids: Vec<(Option<u32>, Option<Boundary>)>) -> Report {
    let level = Level {
        key: "grid".into(),
        name: "网格".into(),
        name_en: "grid".into(),
        administrative: false,
        households: None,
    };
    let rule = GridRule {
        households: Some(Span { min: 300, max: 400 }),
        villager_groups: None,
        contiguous: true,
        one_compound: true,
        complete: true,
    };
    let grids =
        (1..).zip(grids).map(|(n, (households, boundary))| place(n, "grid", households, boundary));
    let territory =
        Territory::from_places([place(0, "community", None, outline)].into_iter().chain(grids))
            .unwrap();
    let at = Timestamp::from_millis(1);
    check(&Question { territory: &territory, parent: id(0), level: &level, rule: Some(&rule), at })
        .unwrap()
}

fn faults(report: &Report) -> Vec<Fault> {
    report.findings.iter().map(|problem| problem.fault).collect()
}

#[test]
fn a_community_that_is_well_divided_gives_nothing_to_say() {
    let outline = rectangle(118.0, 30.0, 0.02, 0.01);
    let report = report(
        Some(outline),
        vec![
            (Some(320), Some(rectangle(118.0, 30.0, 0.01, 0.01))),
            (Some(380), Some(rectangle(118.01, 30.0, 0.01, 0.01))),
        ],
    );
    assert_eq!(faults(&report), []);
    let sum: f64 = report.grids.iter().filter_map(|grid| grid.area).sum();
    assert!((sum / report.area.unwrap() - 1.0).abs() < 1e-9);
    assert_eq!(report.groups.len(), 1);
}

#[test]
fn gaps_overlaps_and_ground_beyond_are_measured_and_placed() {
    // The second grid begins 0.001° too far west, the third stops 0.002° short and juts out north.
    let outline = rectangle(118.0, 30.0, 0.03, 0.01);
    let report = report(
        Some(outline.clone()),
        vec![
            (Some(300), Some(rectangle(118.0, 30.0, 0.01, 0.01))),
            (Some(300), Some(rectangle(118.009, 30.0, 0.011, 0.01))),
            (Some(300), Some(rectangle(118.02, 30.0, 0.008, 0.011))),
        ],
    );
    assert_eq!(faults(&report), [Fault::Gap, Fault::Overlap, Fault::Beyond]);
    let whole = report.area.unwrap();
    for (found, share) in [
        (report.gap_area, 0.002 / 0.03),
        (report.overlap_area, 0.001 / 0.03),
        (report.beyond_area, 0.000_8 / 0.03),
    ] {
        assert!((found / whole / share - 1.0).abs() < 1e-4, "{found} {share}");
    }
    assert!(outline.contains(report.gaps[0].at) && report.gaps[0].grids.is_empty());
    assert_eq!(report.overlaps[0].grids, [id(1), id(2)]);
    assert_eq!(report.beyond[0].grids, [id(3)]);
    assert!(report.findings[1].zh.starts_with("1号、2号: 约"), "{}", report.findings[1].zh);
}

#[test]
fn a_street_between_compounds_does_not_part_them_and_a_field_does() {
    let street = vec![
        (None, Some(rectangle(118.0, 30.0, 0.01, 0.01))),
        (None, Some(rectangle(118.010_2, 30.0, 0.01, 0.01))),
    ];
    assert_eq!(report(None, street.clone()).groups.len(), 1);
    let mut field = street;
    field.push((None, Some(rectangle(118.03, 30.0, 0.01, 0.01))));
    let report = report(None, field);
    assert_eq!(report.groups, [vec![id(1), id(2)], vec![id(3)]]);
    assert_eq!(faults(&report), [Fault::Apart, Fault::NoBoundary, Fault::NoBoundary]);
}

#[test]
fn a_grid_in_two_pieces_and_households_off_the_rule_are_told() {
    let parts = [rectangle(118.0, 30.0, 0.01, 0.01), rectangle(118.02, 30.0, 0.01, 0.01)];
    let rings = parts.iter().flat_map(|part| part.rings().to_vec()).collect();
    let report = report(
        None,
        vec![
            (Some(100), Some(Boundary::new(rings).unwrap())),
            (Some(401), Some(rectangle(118.01, 30.0, 0.01, 0.01))),
            (Some(350), None),
        ],
    );
    assert_eq!(
        report.grids.iter().map(|grid| grid.size).collect::<Vec<_>>(),
        [Size::Below, Size::Above, Size::Within]
    );
    assert_eq!(
        faults(&report),
        [
            Fault::Households,
            Fault::Households,
            Fault::Uneven,
            Fault::Scattered,
            Fault::NoBoundary,
            Fault::NoBoundary,
        ]
    );
}
