//! The real divisions of She County (歙县, 341021): codes and names, shipped as a table with its
//! source and licence in it.

use std::sync::LazyLock;

const TABLE: &str = include_str!("../data/she-county.csv");

/// A division of the county.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Division {
    /// Administrative code, 12 digits.
    pub code: String,
    /// Official name.
    pub name: String,
    /// `county`, `township` or `village`.
    pub level: String,
    /// Code of the division it lies in.
    pub parent: String,
}

static DIVISIONS: LazyLock<Vec<Division>> = LazyLock::new(|| {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(TABLE.as_bytes());
    let row = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.expect("the shipped table is CSV");
        let [code, name, level, parent] = [0, 1, 2, 3].map(|at| row[at].to_owned());
        Division { code, name, level, parent }
    };
    reader.records().map(row).collect()
});

/// Every division, by code.
#[must_use]
pub fn all() -> &'static [Division] {
    &DIVISIONS
}

/// The division with a code, given with or without the zeros that pad it.
#[must_use]
pub fn by_code(code: &str) -> Option<&'static Division> {
    DIVISIONS.iter().find(|division| division.code == format!("{code:0<12}"))
}

/// The communities and villages of a township, by code.
pub fn villages_of(township: &str) -> impl Iterator<Item = &'static Division> {
    let parent = format!("{township:0<12}");
    DIVISIONS
        .iter()
        .filter(move |division| division.level == "village" && division.parent == parent)
}

/// The townships of a county, by code.
pub fn towns_of(county: &str) -> impl Iterator<Item = &'static Division> {
    let parent = format!("{county:0<12}");
    DIVISIONS
        .iter()
        .filter(move |division| division.level == "township" && division.parent == parent)
}

impl Division {
    /// The name that people use: 新安社区 for 新安社区居委会, 问政村 for 问政村村委会.
    #[must_use]
    pub fn usual_name(&self) -> String {
        let ending = |name: &str, end: &str| {
            if name.ends_with(end) { name.to_owned() } else { format!("{name}{end}") }
        };
        if let Some(name) = self.name.strip_suffix("居委会") {
            ending(name, "社区")
        } else if let Some(name) = self.name.strip_suffix("村委会") {
            ending(name, "村")
        } else {
            self.name.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_whole_county() {
        let of = |level: &str| all().iter().filter(|division| division.level == level).count();
        assert_eq!((of("county"), of("township"), of("village")), (1, 29, 195));
        assert!(all().iter().all(|division| division.code.starts_with("341021")));
        assert!(all().windows(2).all(|pair| pair[0].code < pair[1].code));
    }

    #[test]
    fn communities_have_the_names_people_use() {
        let name = |code| by_code(code).unwrap().usual_name();
        assert_eq!(name("341021"), "歙县");
        assert_eq!(name("341021100"), "徽城镇");
        assert_eq!(name("341021100003"), "新安社区");
        assert_eq!(name("341021100001"), "新路街社区");
        assert_eq!(name("341021100201"), "问政村");
        assert_eq!(name("341021100200"), "新路村");
        assert!(villages_of("341021101").any(|village| village.usual_name() == "深渡社区"));
    }
}
