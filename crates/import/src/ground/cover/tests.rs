use proptest::prelude::*;

use super::*;
use crate::ground::tests::rectangle;

fn ring(points: &[(i32, i32)]) -> Boundary {
    let close = points.iter().chain(points.first());
    let points = close.map(|(x, y)| Point::from_units(1_180_000_000 + x, 300_000_000 + y).unwrap());
    Boundary::new(vec![points.collect()]).unwrap()
}

fn named(cover: &Cover) -> Vec<(Vec<usize>, i64)> {
    #[expect(clippy::cast_possible_truncation, reason = "some square metres")]
    cover.pieces.iter().map(|p| (p.by.clone(), p.area.round() as i64)).collect()
}

#[test]
fn two_squares_that_overlap_make_three_pieces() {
    let (a, b) = (rectangle(118.0, 30.0, 0.01, 0.01), rectangle(118.005, 30.0, 0.01, 0.01));
    let found = cover(&[&a, &b]).unwrap();
    let by: Vec<_> = found.pieces.iter().map(|piece| piece.by.clone()).collect();
    assert_eq!(by, [vec![0], vec![0, 1], vec![1]]);
    let half = crate::ground::area(&a).unwrap() / 2.0;
    assert!(found.pieces.iter().all(|piece| (piece.area / half - 1.0).abs() < 1e-6));
    let at = found.pieces[1].at;
    assert!(a.contains(at) && b.contains(at));
}

#[test]
fn a_ring_around_a_hole_is_one_piece_and_corners_do_not_join() {
    let (outer, inner) = (rectangle(118.0, 30.0, 0.03, 0.03), rectangle(118.01, 30.01, 0.01, 0.01));
    let found = cover(&[&outer, &inner]).unwrap();
    assert_eq!(found.pieces.iter().filter(|piece| piece.by == [0]).count(), 1);
    let bow = ring(&[(0, 0), (10_000, 10_000), (10_000, 0), (0, 10_000)]);
    assert_eq!(cover(&[&bow]).unwrap().pieces.len(), 2, "a ring that crosses itself");
}

#[test]
fn neighbours_that_share_an_edge_leave_neither_gap_nor_overlap() {
    let community = rectangle(118.0, 30.0, 0.02, 0.01);
    let (west, east) = (rectangle(118.0, 30.0, 0.01, 0.01), rectangle(118.01, 30.0, 0.01, 0.01));
    let found = cover(&[&community, &west, &east]).unwrap();
    let by: Vec<_> = found.pieces.iter().map(|piece| piece.by.clone()).collect();
    assert_eq!(by, [vec![0, 1], vec![0, 2]]);
}

#[test]
fn edges_that_cross_within_a_slab_are_cut_there() {
    // Two thin triangles, crossing like an X without a vertex near.
    let a = ring(&[(0, 0), (100_000, 90_000), (100_000, 100_000)]);
    let b = ring(&[(100_000, 0), (0, 90_000), (0, 100_000)]);
    let found = cover(&[&a, &b]).unwrap();
    let by: Vec<_> = found.pieces.iter().map(|piece| piece.by.clone()).collect();
    assert_eq!(by, [vec![0], vec![0], vec![0, 1], vec![1], vec![1]]);
}

#[test]
fn what_would_take_too_long_is_refused() {
    // Combs at right angles cross everywhere.
    let comb = |turn: bool| {
        let mut points = vec![(0, 0)];
        for tooth in 0..990 {
            let x = tooth * 1_000;
            points.extend([(x + 200, 990_000), (x + 500, 10)]);
        }
        points.push((990_000, 0));
        ring(
            &points.iter().map(|(x, y)| if turn { (*y, *x) } else { (*x, *y) }).collect::<Vec<_>>(),
        )
    };
    let (a, b) = (comb(false), comb(true));
    assert!(cover(&[&a, &b]) == Err(TooComplex));
}

/// Area of a ring in square units, exact (the shoelace formula).
fn shoelace(points: &[(i32, i32)]) -> f64 {
    let next = points.iter().cycle().skip(1);
    let twice: i128 = points
        .iter()
        .zip(next)
        .map(|((ax, ay), (bx, by))| {
            i128::from(*ax) * i128::from(*by) - i128::from(*bx) * i128::from(*ay)
        })
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let area = twice.unsigned_abs() as f64 / 2.0;
    area
}

/// A polygon that does not cross itself: points at rising angles around a centre.
fn star() -> impl Strategy<Value = Vec<(i32, i32)>> {
    let centre = (-20_000..20_000_i32, -20_000..20_000_i32);
    (centre, prop::collection::vec(1_000..40_000_i32, 3..20)).prop_map(|((x, y), radii)| {
        let turn = std::f64::consts::TAU / f64::from(u32::try_from(radii.len()).unwrap());
        (0_u32..)
            .zip(radii)
            .map(|(at, radius)| {
                let (sin, cos) = (f64::from(at) * turn).sin_cos();
                #[expect(clippy::cast_possible_truncation, reason = "some thousand")]
                let step = |part: f64| (f64::from(radius) * part).round() as i32;
                (x + step(cos), y + step(sin))
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn pieces_add_up_to_each_boundary_and_lie_where_they_say(stars in prop::collection::vec(star(), 1..5)) {
        let shapes: Vec<Boundary> = stars.iter().map(|points| ring(points)).collect();
        let found = cover(&shapes.iter().collect::<Vec<_>>()).unwrap();
        let (east, north) = scale(300_000_000.0);
        for (index, points) in stars.iter().enumerate() {
            let sum: f64 = found.pieces.iter().filter(|p| p.by.contains(&index)).map(|p| p.area).sum();
            let exact = shoelace(points) * east * north;
            // The scale changes by a ten-thousandth over the few hundred metres.
            prop_assert!((sum - exact).abs() < exact * 1e-4 + 1.0, "{} {}", sum, exact);
        }
        for piece in found.pieces.iter().filter(|piece| piece.area > 5.0) {
            for (index, shape) in shapes.iter().enumerate() {
                prop_assert_eq!(shape.contains(piece.at), piece.by.contains(&index));
            }
        }
    }

    #[test]
    fn the_order_of_boundaries_changes_nothing(a in star(), b in star()) {
        let (a, b) = (ring(&a), ring(&b));
        let swap = |by: &[usize]| { let mut by: Vec<_> = by.iter().map(|i| 1 - i).collect(); by.sort_unstable(); by };
        let mut there = named(&cover(&[&a, &b]).unwrap());
        let mut back: Vec<_> = named(&cover(&[&b, &a]).unwrap()).into_iter().map(|(by, area)| (swap(&by), area)).collect();
        there.sort();
        back.sort();
        prop_assert_eq!(there, back);
    }
}
