//! Tiles below the map of the desk.

use serde::{Deserialize, Serialize};

/// The section of the map. Without tiles it shows the grids on an empty ground and asks nothing of
/// anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Map {
    /// Where tiles are, such as `https://tiles.example.cn/{z}/{x}/{y}.png`: in WGS-84 or CGCS2000.
    /// Whoever opens the map asks that host, which then knows the address they come from.
    pub tiles: Option<String>,
    /// What the tiles' licence wants to be said of them.
    pub attribution: String,
}

impl Map {
    /// The first key that can't be used, and what would be right.
    #[must_use]
    pub fn problem(&self) -> Option<(&'static str, &'static str)> {
        let wrong = self.tiles.is_some() && self.source().is_none();
        let named = !self.attribution.trim().is_empty();
        match (wrong, named) {
            (false, _) => None,
            (true, false) => {
                Some(("map.attribution", "say whose tiles they are, as their licence asks"))
            }
            (true, true) => Some(("map.tiles", "write https://host/… with {z}, {x} and {y} in it")),
        }
    }

    /// The tiles, where there are any.
    #[must_use]
    pub fn source(&self) -> Option<console::Tiles> {
        console::Tiles::new(self.tiles.as_deref()?, &self.attribution)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_tiles_is_told_by_its_key() {
        let map = |tiles: &str, attribution: &str| Map {
            tiles: Some(tiles.to_owned()),
            attribution: attribution.to_owned(),
        };
        let good = "https://tiles.example.cn/{z}/{x}/{y}.png";
        assert_eq!(Map::default().problem(), None);
        assert_eq!(map(good, "示例").problem(), None);
        assert_eq!(map(good, "").problem().map(|(key, _)| key), Some("map.attribution"));
        let bad = map("http://tiles.example.cn/{z}/{x}/{y}.png", "示例").problem();
        assert_eq!(bad.map(|(key, _)| key), Some("map.tiles"));
    }
}
