//! The fields a record's body may have: one registry, so that the same number means the same thing
//! on every node. Numbers are stored and signed: never reuse one.

use record::FieldId;

/// How a field's value is to be treated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Codes, ids and times which decide what happens next. They travel with their record to
    /// whoever may have the record at all, and hold no words of people.
    Structural,
    /// What people wrote: released only where policy names the field.
    Content,
    /// Who people are and how to reach them: stays home unless policy names the field and the
    /// purpose.
    Personal,
}

/// A field's entry in the registry.
#[derive(Debug)]
pub struct Field {
    /// The number under which it is committed.
    pub id: FieldId,
    /// The name that policies and the API use.
    pub key: &'static str,
    /// How its value is treated.
    pub class: Class,
}

macro_rules! fields {
    ($($number:literal $name:ident $key:literal $class:ident $doc:literal;)*) => {
        $(#[doc = $doc] pub const $name: FieldId = FieldId($number);)*
        /// Every field there is, ascending by number.
        pub const ALL: &[Field] = &[
            $(Field { id: $name, key: $key, class: Class::$class },)*
        ];
    };
}

fields! {
    1 POLICY "policy" Structural "Version of the policy a case runs under.";
    2 STAGE "stage" Structural "Stage after the act: a key of the holder's policy.";
    3 PHASE "phase" Structural "Phase after the act: one of the fixed phases every policy maps to.";
    4 LEVEL "level" Structural "Level that is responsible after the act.";
    5 DUE "due" Structural "When the stage's clock runs out, milliseconds UTC.";
    6 NUMBER "number" Structural "The number people use for the case.";
    7 CHANNEL "channel" Structural "How the report came in (C1).";
    8 CATEGORY "category" Structural "Category code of the policy's table.";
    9 GRADE "grade" Structural "Difficulty class A, B or C (C2).";
    10 IMPORTANCE "importance" Structural "Importance 1 (low) to 3 (high) (C3).";
    11 URGENCY "urgency" Structural "Urgency 1 (low) to 3 (high) (C3).";
    12 GRID "grid" Structural "Code of the grid the matter lies in.";
    13 PLACE "place" Structural "Id of the place in the home node's territory.";
    14 REPORTER "reporter" Structural "Opaque id of who reported.";
    15 ASSIGNEE "assignee" Structural "Opaque id of the person it is given to.";
    16 UNITS "units" Structural "Member units called in: node, lead or assist (C5).";
    17 REPORT_IN_BY "report_in_by" Structural "Until when the units must report in, milliseconds UTC.";
    18 TO "to" Structural "Node that custody is offered to.";
    19 OFFER "offer" Structural "Record id of the offer that is accepted or refused.";
    20 SETTLED "settled" Structural "Level at which the matter was settled (C10).";
    21 CLOSING "closing" Structural "Closing kind: normal, overtime or special.";
    22 SOLVED "solved" Structural "Whether the matter is solved in the verifier's eyes.";
    23 SATISFACTION "satisfaction" Structural "Satisfaction 1 to 5 as the reporter gave it.";
    24 DONE "done" Structural "Whether a case that comes home was dealt with.";
    25 HAPPENED "happened" Structural "When the matter was observed, if not when it was reported.";
    26 FOUND "found" Structural "Whether the matter was found to be as reported.";
    27 UPHELD "upheld" Structural "Whether an objection to a dispatch was right.";
    28 ASKED_UNTIL "asked_until" Structural "The due time asked for, milliseconds UTC.";
    29 GRANTED "granted" Structural "Whether an extension is granted.";
    30 REVIEW "review" Structural "When what was put off is looked at again, milliseconds UTC.";
    31 REACHED "reached" Structural "Whether the reporter could be reached.";
    32 TITLE "title" Content "A line that names the matter.";
    33 DESCRIPTION "description" Content "The matter in the reporter's words.";
    34 ADDRESS "address" Content "Where it is, in words.";
    35 POINT "point" Content "Where it is: longitude and latitude, WGS-84.";
    36 REASON "reason" Content "Why it is refused, returned, escalated, reopened.";
    37 INSTEAD "instead" Content "Where to go instead, when it is not accepted.";
    38 OPINION "opinion" Content "What was done and what came of it.";
    39 REQUEST "request" Content "What the units are asked to do.";
    40 NOTE "note" Content "A progress note.";
    41 LEDGER "ledger" Content "The ledger in which it is written off, and the entry.";
    48 CONTACT_NAME "contact_name" Personal "The reporter's name.";
    49 CONTACT_PHONE "contact_phone" Personal "The reporter's telephone number.";
    50 INVOLVED "involved" Personal "People involved in the matter: the riskiest block of all.";
    51 AGREEMENT "agreement" Personal "What the parties of a dispute agreed, or why they did not.";
    64 PLACE_DATA "place_data" Structural "A place of the territory.";
    65 UNTIL "until" Structural "When a place, an appointment or another validity ends.";
    66 ROLE "role" Structural "Role key of an appointment.";
    67 SCOPE "scope" Structural "Place that an appointment covers.";
    68 FROM "from" Structural "When a validity begins.";
    69 PERSON "person" Structural "Opaque id of the appointed person.";
    72 PERSON_NAME "person_name" Personal "A member of staff's name.";
    73 PERSON_PHONE "person_phone" Personal "A member of staff's telephone number.";
    80 POLICY_TEXT "policy_text" Structural "A policy in TOML: all of it, or the first part of a long one.";
    96 SATISFIED "satisfied" Structural "Whether the reporter is satisfied with how it was done.";
    97 INTO "into" Structural "The case that this one is treated together with.";
    98 RATE "rate" Structural "The rate that a case is left out of.";
    99 SCORED "scored" Structural "The node that is scored.";
    100 POINTS "points" Structural "A score, 1 to 5.";
    101 SEVERITY "severity" Structural "How serious a dispute is: a key of the policy (C4).";
    102 MEDIATORS "mediators" Structural "Opaque ids of who mediates.";
    103 HELD "held" Structural "When a session was held, milliseconds UTC.";
    104 AGREED "agreed" Structural "Whether the parties of a dispute agreed.";
    200 SOURCE "source" Structural "Key of the mapping by which a report came from another system (C9).";
    201 SOURCE_NUMBER "source_number" Content "The number that the other system gives the report.";
    210 PARTY_DATA "party_data" Structural "A Party organisation of a place (R2).";
    211 DUTY_LISTS "duty_lists" Content "The management and service lists of a place (R3).";
    212 STATION_DATA "station_data" Structural "A station (T3).";
    213 LINEAGE "lineage" Structural "Which places follow which (T2).";
    214 AGREEMENT_NUMBER "agreement_number" Structural "Number of an appointment's agreement (R4).";
    215 AGREEMENT_TEXT "agreement_text" Personal "Text of an appointment's agreement (R4).";
    216 GROWTH_ENTRY "growth_entry" Personal "An entry of a person's growth file (R4).";
    217 WILLINGNESS "willingness" Structural "Where a registered member lives, what they would do and when (R5).";
    218 MEMBER_NAME "member_name" Personal "A registered member's name (R5).";
    219 MEMBER_PHONE "member_phone" Personal "A registered member's telephone number (R5).";
    220 MEMBER_UNIT "member_unit" Personal "The unit in which a registered member serves (R5).";
    221 POST "post" Structural "Opaque id of a post that a member takes (R5).";
    222 POST_NAME "post_name" Content "The project and the post in words (R5).";
    223 DIARY_DATE "diary_date" Structural "The day of a note in the notebook (C13).";
    224 DIARY_TEXT "diary_text" Personal "A note in the notebook (C13).";
    225 CASE "case" Structural "The case that a note became (C13).";
    240 EXCLUSION "exclusion" Structural "The ground on which it is left out: a key of the policy.";
    250 POLICY_TEXT_2 "policy_text_2" Structural "A policy in TOML: the second part of a long one.";
    251 POLICY_TEXT_3 "policy_text_3" Structural "A policy in TOML: its third part.";
    252 POLICY_TEXT_4 "policy_text_4" Structural "A policy in TOML: its fourth part.";
    253 POLICY_TEXT_5 "policy_text_5" Structural "A policy in TOML: its fifth and last part.";
    254 POLICY_SOURCE "policy_source" Structural "By whom a policy came into force: file, officer or parent.";
    260 ERASURE "erasure" Structural "Why people's words and data are erased.";
    270 PHOTOS "photos" Content "Photos that an act shows: hash, size, media type, moment, caption.";
    271 PAGES "pages" Personal "Photos of what the parties of a dispute signed.";
    300 WITHDRAWN_FIELDS "withdrawn_fields" Structural "Numbers of the fields whose use is to end.";
    301 WITHDRAWN_FROM "withdrawn_from" Content "The nodes that are asked; everybody who was given them where empty.";
    302 ACCESS_COUNT "access_count" Structural "How many entries the access log has.";
    303 ACCESS_HEAD "access_head" Structural "Link of the access log after its last entry.";
    310 PROPOSAL "proposal" Structural "The record that proposed what a second person confirms or ends.";
    311 EXPIRES "expires" Structural "When a proposal lapses, milliseconds UTC.";
    312 ACCOUNT "account" Personal "An account's login name.";
    320 PERSON_SIGNED "person_signed" Structural "A person's own signature on an act.";
    321 PERSON_SALT "person_salt" Personal "The salt of what a person signed: it goes with the words.";
    322 NODE_ONLY "node_only" Structural "Why an act has no signature but the node's.";
    323 PERSON_KEY "person_key" Structural "A person's public key, enrolled or revoked.";
    324 KEY_LABEL "key_label" Personal "What a person calls the device that has a key of theirs.";
    330 TRUST_ACT "trust_act" Structural "What somebody did about who belongs to the federation.";
}

/// The registry's entry for a number.
#[must_use]
pub fn by_id(id: FieldId) -> Option<&'static Field> {
    ALL.binary_search_by_key(&id, |field| field.id).ok().map(|at| &ALL[at])
}

/// The registry's entry for a name.
#[must_use]
pub fn by_key(key: &str) -> Option<&'static Field> {
    ALL.iter().find(|field| field.key == key)
}

/// Whether a value may lie in clear on this node's own disk. Unknown fields may not.
#[must_use]
pub fn is_structural(id: FieldId) -> bool {
    by_id(id).is_some_and(|field| field.class == Class::Structural)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_numbers_ascend() {
        assert!(ALL.windows(2).all(|pair| pair[0].id < pair[1].id));
        for field in ALL {
            assert_eq!(by_key(field.key).map(|found| found.id), Some(field.id));
            assert_eq!(by_id(field.id).map(|found| found.key), Some(field.key));
        }
    }

    #[test]
    fn an_unknown_field_is_not_structural() {
        assert!(!is_structural(FieldId(9_999)));
        assert!(!is_structural(CONTACT_PHONE));
        assert!(is_structural(STAGE));
    }
}
