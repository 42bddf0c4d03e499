//! A source of map tiles, which an operator may name. Without one nothing is asked of anybody.

/// Where the pictures below the map of the desk come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiles {
    address: String,
    attribution: String,
}

impl Tiles {
    /// Tiles at an address such as `https://tiles.example.cn/{z}/{x}/{y}.png`, in WGS-84 or
    /// CGCS2000 (GCJ-02 would lie hundreds of metres beside the grids), with what their licence
    /// wants to be said of them. `None` where that is no such address, or nothing is said.
    #[must_use]
    pub fn new(address: &str, attribution: &str) -> Option<Self> {
        let rest = address.strip_prefix("https://")?;
        let (host, path) = rest.split_once('/')?;
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:".contains(&byte);
        let fits = !host.is_empty() && host.bytes().all(plain) && host.len() <= 255;
        let whole = ["{z}", "{x}", "{y}"].iter().all(|part| path.contains(part));
        let visible = address.bytes().all(|byte| byte.is_ascii_graphic()) && address.len() <= 1_000;
        let said = !attribution.trim().is_empty() && attribution.len() <= 200;
        (fits && whole && visible && said).then(|| Self {
            address: address.to_owned(),
            attribution: attribution.trim().to_owned(),
        })
    }

    /// The address, with `{z}`, `{x}` and `{y}` to be filled in.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What is said of them on the map.
    pub(crate) fn attribution(&self) -> &str {
        &self.attribution
    }

    /// The origin that browsers are let ask, on the page of the map alone.
    pub(crate) fn origin(&self) -> &str {
        let end = self.address.match_indices('/').nth(2).map_or(self.address.len(), |(at, _)| at);
        &self.address[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_over_https_with_its_three_parts_and_an_attribution_is_a_source() {
        let tiles =
            Tiles::new("https://t0.example.cn:8443/w/{z}/{x}/{y}.png?tk=a", " 示例地图 ").unwrap();
        assert_eq!(
            (tiles.origin(), tiles.attribution()),
            ("https://t0.example.cn:8443", "示例地图")
        );
        for wrong in [
            "http://t0.example.cn/{z}/{x}/{y}.png",
            "https://{s}.example.cn/{z}/{x}/{y}.png",
            "https://t0.example.cn/{z}/{x}.png",
            "https://t0.example.cn;script-src *;/{z}/{x}/{y}.png",
            "https:///{z}/{x}/{y}.png",
            "https://t0.example.cn/{z}/{x}/{y}.png?a b",
        ] {
            assert_eq!(Tiles::new(wrong, "示例"), None, "{wrong}");
        }
        assert_eq!(Tiles::new("https://t0.example.cn/{z}/{x}/{y}.png", " "), None);
    }
}
