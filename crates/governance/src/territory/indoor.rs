//! Indoor addresses: “3栋2单元501室” as building, unit, floor and room, and the place that they
//! name. Reads what people write: full-width digits, Chinese numerals, 栋/幢/号楼/座, `3-2-501`.

use record::{Subject, Timestamp};
use serde::Serialize;

use super::{Place, Territory};

/// Longest address that is read, in characters.
const MAX_ADDRESS: usize = 200;
const BUILDING: [&str; 5] = ["号楼", "栋", "幢", "座", "#"];
const UNIT: [&str; 4] = ["单元", "门洞", "梯", "门"];
const FLOOR: [&str; 2] = ["层", "楼"];
const ROOM: [&str; 4] = ["室", "房", "户", "号"];
const NUMERALS: &str = "零〇一二两三四五六七八九十";

/// An address taken apart. Designators are digits and capital letters, without leading zeros.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
pub struct Indoor {
    /// What stands before the building: street and compound.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// The building.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building: Option<String>,
    /// The unit or doorway in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The floor, negative underground; from the room's number where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<i16>,
    /// The room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
}

/// Which place an address names.
#[derive(Clone, PartialEq, Eq)]
pub enum Attached {
    /// This one, and the place of the asked level that it lies in.
    One {
        /// The deepest place that fits: a doorway, a building, or the compound alone.
        place: Subject,
        /// The grid, or whatever level was asked for.
        grid: Option<Subject>,
    },
    /// No place: somebody has to decide.
    None,
    /// Several would fit, ascending.
    Several(Vec<Subject>),
}

/// Takes an address apart. What can't be read is left in `before`; beyond 200 characters nothing
/// is read.
#[must_use]
pub fn parse(address: &str) -> Indoor {
    if address.chars().count() > MAX_ADDRESS {
        return Indoor::default();
    }
    let text: Vec<char> = address.chars().filter(|c| !c.is_whitespace()).map(plain).collect();
    let mut found = Indoor::default();
    let mut start = text.len();
    let mut at = 0;
    while at < text.len() {
        match token(&text, at, &found) {
            Some((part, value, end)) => {
                start = start.min(at - usize::from(below(&text, at)));
                found.put(part, value, below(&text, at));
                at = end;
            }
            None => at = run_end(&text, at).max(at + 1),
        }
    }
    if start == text.len() {
        start = dashed(&text, &mut found).unwrap_or(start);
    }
    found.before =
        text[..start].iter().collect::<String>().trim_end_matches(['地', ',', '，']).into();
    if found.floor.is_none() {
        found.floor = found.room.as_deref().and_then(floor_of);
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Building,
    Unit,
    Floor,
    Room,
}

impl Indoor {
    fn put(&mut self, part: Part, value: String, below: bool) {
        match part {
            Part::Building => self.building = Some(value),
            Part::Unit => self.unit = Some(value),
            Part::Room => self.room = Some(value),
            Part::Floor => {
                let floor = value.parse::<i16>().ok();
                self.floor = floor.map(|floor| if below { -floor } else { floor });
            }
        }
    }

    fn inside(&self) -> bool {
        self.building.is_some() || self.unit.is_some() || self.floor.is_some()
    }
}

/// A designator at a position with the word after it: what it designates, and where it ends.
fn token(text: &[char], at: usize, found: &Indoor) -> Option<(Part, String, usize)> {
    if at > 0 && is_designator(text[at - 1]) && is_designator(text[at]) {
        return None;
    }
    let (value, end) = designator(text, at)?;
    let rest = &text[end..];
    let follows = |words: &[&str]| {
        words.iter().find(|word| starts(rest, word)).map(|word| word.chars().count())
    };
    let plain_number = value.chars().all(|c| c.is_ascii_digit());
    let (part, length) = if let Some(length) = follows(&BUILDING) {
        (Part::Building, length)
    } else if let Some(length) = follows(&UNIT) {
        (Part::Unit, length)
    } else if let Some(length) = follows(&FLOOR).filter(|_| plain_number && value.len() < 4) {
        (Part::Floor, length)
    } else if let Some(length) = follows(&ROOM).filter(|_| found.inside()) {
        (Part::Room, length)
    } else if found.inside() && rest.is_empty() && found.room.is_none() {
        (Part::Room, 0)
    } else {
        return None;
    };
    Some((part, value, end + length))
}

/// A run of digits and capitals, or of Chinese numerals up to 99.
fn designator(text: &[char], at: usize) -> Option<(String, usize)> {
    let end = run_end(text, at);
    if end > at {
        let value: String = text[at..end].iter().collect();
        let bare = value.trim_start_matches('0');
        return (value.len() <= 8).then(|| (if bare.is_empty() { "0" } else { bare }.into(), end));
    }
    let count = text[at..].iter().take_while(|c| NUMERALS.contains(**c)).count();
    let end = at + count;
    numeral(&text[at..end]).map(|value| (value.to_string(), end))
}

fn run_end(text: &[char], at: usize) -> usize {
    at + text[at..].iter().take_while(|c| is_designator(**c)).count()
}

fn is_designator(c: char) -> bool {
    c.is_ascii_digit() || c.is_ascii_uppercase()
}

/// A Chinese number of one to three characters, 1 to 99.
fn numeral(text: &[char]) -> Option<u8> {
    let digit = |c: char| match c {
        '两' => Some(2),
        '〇' | '零' => Some(0),
        c => "一二三四五六七八九"
            .chars()
            .position(|d| d == c)
            .and_then(|at| u8::try_from(at + 1).ok()),
    };
    match *text {
        ['十'] => Some(10),
        [one] => digit(one).filter(|value| *value > 0),
        ['十', one] => Some(10 + digit(one)?),
        [ten, '十'] => Some(digit(ten)? * 10),
        [ten, '十', one] => Some(digit(ten)? * 10 + digit(one)?),
        _ => None,
    }
}

/// `3-2-501` or `3-501` at the end.
fn dashed(text: &[char], found: &mut Indoor) -> Option<usize> {
    let tail = |c: &char| is_designator(*c) || *c == '-';
    let start = text.len() - text.iter().rev().take_while(|c| tail(c)).count();
    let whole: String = text[start..].iter().collect();
    let parts: Vec<&str> = whole.split('-').collect();
    if !parts.iter().all(|part| (1..=8).contains(&part.len())) {
        return None;
    }
    let own = |part: &&str| Some(part.trim_start_matches('0').to_owned()).filter(|p| !p.is_empty());
    match parts.as_slice() {
        [building, room] => (found.building, found.room) = (own(building), own(room)),
        [building, unit, room] => {
            (found.building, found.unit, found.room) = (own(building), own(unit), own(room));
        }
        _ => return None,
    }
    Some(start)
}

/// The floor in a room's number: 501 is on the fifth, 1203 on the twelfth.
fn floor_of(room: &str) -> Option<i16> {
    let digits = room.trim_end_matches(|c: char| c.is_ascii_uppercase());
    let plain = (3..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits[..digits.len() - 2].parse().ok()).flatten().filter(|floor| *floor > 0)
}

/// Whether the floor that begins here is below the ground: 地下1层, 负1层, -1层.
fn below(text: &[char], at: usize) -> bool {
    matches!(text.get(at.wrapping_sub(1)), Some('下' | '负' | '-'))
}

fn starts(text: &[char], word: &str) -> bool {
    let mut rest = text.iter();
    word.chars().all(|c| rest.next() == Some(&c))
}

/// Full-width forms as ASCII, letters as capitals, dashes as one.
fn plain(c: char) -> char {
    let half = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '—' | '–' => '-',
        c => c,
    };
    half.to_ascii_uppercase()
}

impl Territory {
    /// The place that an address names, and the place of `level` in which that lies. A compound is
    /// found by its name in what stands before the building; `within` narrows the search. Where
    /// something stands there that names no place, the number of a building alone says nothing.
    #[must_use]
    pub fn attach(
        &self,
        address: &Indoor,
        level: &str,
        within: Option<Subject>,
        at: Timestamp,
    ) -> Attached {
        let inside = |place: &&Place| within.is_none_or(|outer| self.covers(outer, place.id, at));
        let all: Vec<&Place> =
            self.places(at).filter(inside).filter(|place| place.parent.is_some()).collect();
        let named = |place: &&&Place| {
            let plain: String =
                place.name.chars().filter(|c| !c.is_whitespace()).map(plain).collect();
            plain.chars().count() > 1 && address.before.contains(&plain)
        };
        let longest = all.iter().filter(named).map(|place| place.name.chars().count()).max();
        let compounds: Vec<&Place> = all
            .iter()
            .filter(named)
            .filter(|place| Some(place.name.chars().count()) == longest)
            .copied()
            .collect();
        if compounds.is_empty() && within.is_none() && !address.before.is_empty() {
            return Attached::None;
        }
        let under = |place: &&&Place| {
            compounds.is_empty() || compounds.iter().any(|c| self.covers(c.id, place.id, at))
        };
        let mut found: Vec<&Place> = match &address.building {
            Some(building) => all
                .iter()
                .filter(under)
                .filter(|place| parse(&place.name).building.as_ref() == Some(building))
                .copied()
                .collect(),
            None => compounds.clone(),
        };
        if found.is_empty() {
            found = compounds;
        }
        match found.as_slice() {
            [] => Attached::None,
            [only] => {
                let place = self.doorway(only, address, at);
                let grid = self.at_level(place, level, at).map(|place| place.id);
                Attached::One { place, grid }
            }
            many => Attached::Several(many.iter().map(|place| place.id).collect()),
        }
    }

    /// The doorway of a building, where it is a place of its own.
    fn doorway(&self, building: &Place, address: &Indoor, at: Timestamp) -> Subject {
        let Some(unit) = &address.unit else { return building.id };
        let mut fits = self
            .children(building.id, at)
            .filter(|place| parse(&place.name).unit.as_ref() == Some(unit));
        fits.next().map_or(building.id, |place| place.id)
    }
}

#[cfg(test)]
mod tests;
