//! Charts as inline SVG, in units of their own: they need no script, follow the page's colours and
//! print. Each stands beside its table, which says the same in figures.

/// Width of a bar that is full.
const FULL: u64 = 1_000;

/// A bar in a table's row.
pub(super) struct Bar {
    /// Of [`FULL`].
    pub(super) whole: u64,
    /// The part of it for which something holds.
    pub(super) part: u64,
}

impl Bar {
    /// A bar of `count` where the longest is of `most`.
    pub(super) fn count(count: u64, most: u64) -> Self {
        Self { whole: scaled(count, most), part: scaled(count, most) }
    }

    /// A full bar of which a part is filled; an empty one of nothing.
    pub(super) fn share(yes: u64, of: u64) -> Self {
        Self { whole: if of == 0 { 0 } else { FULL }, part: scaled(yes, of) }
    }
}

fn scaled(value: u64, most: u64) -> u64 {
    value.min(most).saturating_mul(FULL).checked_div(most).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion_and_never_longer_than_the_chart() {
        assert_eq!((Bar::count(5, 10).whole, Bar::count(20, 10).whole), (500, FULL));
        assert_eq!((Bar::share(1, 4).whole, Bar::share(1, 4).part), (FULL, 250));
        assert_eq!((Bar::share(0, 0).whole, Bar::count(0, 0).part), (0, 0));
    }
}
