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
/// Somebody proposes what takes effect when a second person confirms it: an appointment, or an
/// account of whoever holds such an office.
pub const PROPOSED: Kind = Kind(0x0204);
/// A proposal is refused, or taken back by whoever made it.
pub const PROPOSAL_ENDED: Kind = Kind(0x0205);
/// A second person confirmed the proposal of an account. That of an appointment is confirmed by the
/// record of the appointment itself.
pub const ACCOUNT_CONFIRMED: Kind = Kind(0x0206);
/// An officer took somebody's second factor away.
pub const FACTOR_RESET: Kind = Kind(0x0207);
/// A person enrols a key of their own: with its signature, the node's word that it is theirs.
pub const KEY_ENROLLED: Kind = Kind(0x0208);
/// A person's key signs nothing any more.
pub const KEY_REVOKED: Kind = Kind(0x0209);
/// What is said of a person who holds no post any more is erased (PIPL art. 47).
pub const PERSON_ERASED: Kind = Kind(0x0211);
/// A version of a policy, in full: kept for the cases that run under it; the same record is what
/// the nodes below are given when it is published.
pub const POLICY: Kind = Kind(0x0401);
/// A kept version comes into force for what begins from now on.
pub const POLICY_IN_FORCE: Kind = Kind(0x0402);
/// A kept version is for the nodes below.
pub const POLICY_PUBLISHED: Kind = Kind(0x0403);
/// A new epoch of the log: what came after the record before it is lost, or given up.
pub const EPOCH_OPENED: Kind = Kind(0x0501);
/// Somebody here did something about who belongs to the federation: see
/// [`governance::trust::TrustAct`].
pub const TRUST: Kind = Kind(0x0502);
/// A Party organisation, or a further version of one (R2).
pub const ORGANISATION: Kind = Kind(0x0301);
/// A Party organisation ends.
pub const ORGANISATION_ENDED: Kind = Kind(0x0302);
/// A version of a place's duty lists (R3).
pub const DUTY_LISTS: Kind = Kind(0x0303);
/// A station, or a further version of one (T3).
pub const STATION: Kind = Kind(0x0304);
/// A station ends.
pub const STATION_ENDED: Kind = Kind(0x0305);
/// Places follow others: the places themselves are in records of their own (T2).
pub const RESHAPED: Kind = Kind(0x0306);
/// An entry of a person's growth file (R4).
pub const GROWTH: Kind = Kind(0x0311);
/// A serving Party member registers (R5).
pub const MEMBER: Kind = Kind(0x0321);
/// A registered member takes a post.
pub const POST_TAKEN: Kind = Kind(0x0322);
/// A registered member leaves a post.
pub const POST_LEFT: Kind = Kind(0x0323);
/// A registered member withdraws.
pub const MEMBER_WITHDRAWN: Kind = Kind(0x0324);
/// A note in a notebook (C13).
pub const NOTE: Kind = Kind(0x0331);
/// A note became a case.
pub const NOTE_RAISED: Kind = Kind(0x0332);
/// A note's words are erased.
pub const NOTE_ERASED: Kind = Kind(0x0333);
/// Fields of its author's earlier records of a case are withdrawn: whoever was given them stops
/// using them.
pub const FIELDS_WITHDRAWN: Kind = Kind(0x0601);
/// How far this node's access log had come: binds the log to the chain that others witness.
pub const ACCESS_SEALED: Kind = Kind(0x0602);
