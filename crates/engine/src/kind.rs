//! Kinds of records that are not acts on a case. Numbers are signed: never reuse one.

use record::Kind;

/// A place of the territory, or a further version of one.
pub const PLACE: Kind = Kind(0x0101);
/// A place ends.
pub const PLACE_ENDED: Kind = Kind(0x0102);
/// A member of staff: name and telephone number.
pub const PERSON: Kind = Kind(0x0201);
/// An appointment to a role.
pub const APPOINTED: Kind = Kind(0x0202);
/// Every appointment of a person to a role ends.
pub const DISMISSED: Kind = Kind(0x0203);
