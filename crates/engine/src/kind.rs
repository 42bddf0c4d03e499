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
/// A version of a policy, in full: kept for the cases that run under it; the same record is what
/// the nodes below are given when it is published.
pub const POLICY: Kind = Kind(0x0401);
/// A kept version comes into force for what begins from now on.
pub const POLICY_IN_FORCE: Kind = Kind(0x0402);
/// A kept version is for the nodes below.
pub const POLICY_PUBLISHED: Kind = Kind(0x0403);
