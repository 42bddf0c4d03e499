//! What a policy says of people and ground: Party organisations, stations, the ladder.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Named, Span};

/// A kind of Party organisation (R2).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyKind {
    /// The key.
    pub key: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Levels of the places on which it stands; every level where empty.
    #[serde(default)]
    pub levels: BTreeSet<String>,
}

/// Stations (T3).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationRule {
    /// Their kinds.
    #[serde(default)]
    pub kinds: Vec<Named>,
    /// How far one walks to a station at most, in metres as the crow flies; without it there is no
    /// circle.
    #[serde(default)]
    pub circle: Option<u32>,
}

/// A post of the ladder with its grades (R4).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LadderPost {
    /// The key.
    pub key: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// From the lowest grade to the highest.
    pub grades: Span,
}
