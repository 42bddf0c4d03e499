use proptest::prelude::*;

use super::*;
use crate::territory::Place;

fn read(text: &str) -> (String, String, String, i16, String) {
    let found = parse(text);
    let or = |part: Option<String>| part.unwrap_or_default();
    (found.before, or(found.building), or(found.unit), found.floor.unwrap_or(0), or(found.room))
}

fn is(text: &str, before: &str, building: &str, unit: &str, floor: i16, room: &str) {
    let expected = (before.into(), building.into(), unit.into(), floor, room.into());
    assert_eq!(read(text), expected, "{text}");
}

#[test]
fn t1_what_people_write_is_building_unit_floor_and_room() {
    is("3栋2单元501室", "", "3", "2", 5, "501");
    is("幸福里小区1号楼201", "幸福里小区", "1", "", 2, "201");
    is("凤馨苑小区 ３幢 ２单元 ５层 501", "凤馨苑小区", "3", "2", 5, "501");
    is("三号楼二单元1203户", "", "3", "2", 12, "1203");
    is("和平盛世B座1203", "和平盛世", "B", "", 12, "1203");
    is("演示路 1 号 幸福里小区 03栋", "演示路1号幸福里小区", "3", "", 0, "");
    is("幸福里3-2-501", "幸福里", "3", "2", 5, "501");
    is("幸福里3-501", "幸福里", "3", "", 5, "501");
    is("十二栋一单元", "", "12", "1", 0, "");
    is("5号楼地下1层", "", "5", "", -1, "");
    is("5栋3楼", "", "5", "", 3, "");
    is("三里屯演示路", "三里屯演示路", "", "", 0, "");
    is("演示路 18 号", "演示路18号", "", "", 0, "");
    is("", "", "", "", 0, "");
}

fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

fn ground() -> Territory {
    let place = |number: u8, level: &str, name: &str, parent: Option<u8>| Place {
        id: id(number),
        level: level.into(),
        code: None,
        name: name.into(),
        parent: parent.map(id),
        households: None,
        boundary: None,
        valid_from: Timestamp::EPOCH,
        valid_until: None,
    };
    Territory::from_places([
        place(1, "community", "南苑社区", None),
        place(2, "grid", "幸福里小区", Some(1)),
        place(3, "grid", "凤馨苑小区", Some(1)),
        place(4, "building", "1号楼", Some(2)),
        place(5, "building", "2号楼", Some(2)),
        place(6, "building", "凤馨苑1栋", Some(3)),
        place(7, "doorway", "1单元", Some(4)),
        place(8, "doorway", "2单元", Some(4)),
    ])
    .unwrap()
}

fn attached(text: &str, within: Option<u8>) -> Attached {
    let now = Timestamp::from_millis(1);
    ground().attach(&parse(text), "grid", within.map(id), now)
}

#[test]
fn t1_an_indoor_address_leads_to_its_doorway_and_its_grid() {
    let one = |place: u8, grid: u8| Attached::One { place: id(place), grid: Some(id(grid)) };
    assert!(attached("幸福里小区1号楼2单元201", None) == one(8, 2));
    assert!(attached("幸福里小区 1 栋 9单元", None) == one(4, 2), "no such doorway: the building");
    assert!(attached("凤馨苑小区1幢", None) == one(6, 3));
    assert!(attached("凤馨苑小区南门", None) == one(3, 3), "the compound alone");
    assert!(attached("2号楼", None) == one(5, 2), "there is only one of that number");
    assert!(attached("1号楼", None) == Attached::Several(vec![id(4), id(6)]));
    assert!(attached("1号楼", Some(3)) == one(6, 3));
    assert!(attached("别处9号楼", None) == Attached::None);
    assert!(attached("别处2号楼", None) == Attached::None, "another compound's number two");
}

proptest! {
    /// Whatever is written: no panic, and the parts come from what was there.
    #[test]
    fn t1_any_text_is_taken_apart_without_a_panic(text in "[0-9A-Za-z一二三十零栋单元号楼室层地下负小区路# -]{0,40}|.{0,60}") {
        let found = parse(&text);
        prop_assert!(found.before.chars().count() <= text.chars().count());
        let _ = ground().attach(&found, "grid", None, Timestamp::from_millis(1));
    }

    /// What is written out is read back, whichever words a place uses.
    #[test]
    fn t1_an_address_is_read_as_it_was_meant(
        building in 1u16..99, unit in 1u16..9, floor in 1u16..33, room in 1u16..9,
        words in prop::sample::select(vec![("栋", "单元", "室"), ("号楼", "单元", ""), ("幢", "门", "户"), ("座", "梯", "房")]),
        compound in prop::sample::select(vec!["", "金域湛蓝小区", "矿机二村"]),
    ) {
        let text = format!("{compound}{building}{}{unit}{}{floor}{room:02}{}", words.0, words.1, words.2);
        let found = parse(&text);
        prop_assert_eq!(&found.before, compound, "{}", text);
        prop_assert_eq!(found.building, Some(building.to_string()));
        prop_assert_eq!(found.unit, Some(unit.to_string()));
        prop_assert_eq!(found.room, Some(format!("{floor}{room:02}")));
        prop_assert_eq!(found.floor, i16::try_from(floor).ok());
    }
}
