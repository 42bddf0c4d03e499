use std::collections::BTreeSet;

use proptest::prelude::*;
use record::{FieldId, NodeId};

use super::*;
use crate::act::ActKind;
use crate::case::Party;
use crate::field::{ALL, Class};

const SHE: &str = include_str!("../../../../config/policies/she-county.toml");
const PARTIES: [Party; 5] = [Party::Above, Party::Below, Party::Child, Party::Unit, Party::Caller];

fn node(number: u8) -> NodeId {
    NodeId::from_bytes([number; 32])
}

fn any_field() -> impl Strategy<Value = &'static field::Field> {
    (0..ALL.len()).prop_map(|index| &ALL[index])
}

proptest! {
    /// S7: whatever is withheld, what goes is a part of what policy lets go; what is kept back is
    /// on record; codes stay.
    #[test]
    fn s7_withholding_can_only_narrow_a_release(
        held in proptest::collection::btree_set(any_field().prop_map(|field| field.id), 0..60),
        wanted in proptest::collection::vec((proptest::option::of(0_u8..3), any_field()), 0..20),
        to in 0_u8..3,
        party in 0_usize..5,
        act in 0_usize..ActKind::ALL.len(),
        days in proptest::option::of(1_u16..400),
    ) {
        let mut policy = Policy::from_toml(SHE).unwrap();
        policy.disclosures.iter_mut().for_each(|rule| rule.days = days);
        let mut withhold = Withhold::default();
        for (from, field) in wanted {
            let refused = withhold.add(from.map(node), field.key).is_err();
            prop_assert_eq!(refused, field.class == Class::Structural);
        }
        let (party, act) = (PARTIES[party], ActKind::ALL[act]);
        // An erasure goes to everybody, in codes alone.
        prop_assume!(act != ActKind::Erase);
        let held: Vec<FieldId> = held.into_iter().collect();
        let now = Timestamp::EPOCH;
        let whole = release(&policy, node(to), party, act, &held, now);
        prop_assert_eq!(whole.is_some(), policy.disclosure(party, act).is_some());
        let Some(whole) = whole else { return Ok(()) };
        let allowed = policy.disclosure(party, act).unwrap().field_ids();
        let narrow = whole.clone().without(&withhold);
        let set = |fields: &[FieldId]| fields.iter().copied().collect::<BTreeSet<_>>();
        prop_assert!(set(narrow.fields()).is_subset(&set(whole.fields())));
        for id in narrow.fields() {
            prop_assert!(held.contains(id));
            prop_assert!(field::is_structural(*id) || allowed.contains(id));
            prop_assert!(field::is_structural(*id) || !withhold.keeps(node(to), *id));
        }
        let both: BTreeSet<_> = set(narrow.fields()).union(&set(narrow.withheld())).copied().collect();
        prop_assert_eq!(both, set(whole.fields()));
        prop_assert!(narrow.withheld().iter().all(|id| !field::is_structural(*id)));
        let again = narrow.clone().without(&withhold);
        prop_assert_eq!(again.fields(), narrow.fields());
        prop_assert_eq!((narrow.purpose(), narrow.basis()), (whole.purpose(), whole.basis()));
        let words = whole.fields().iter().any(|id| !field::is_structural(*id));
        prop_assert_eq!(whole.until().is_some(), days.is_some() && words);
    }
}

#[test]
fn what_is_withheld_from_nobody_concerned_is_refused() {
    let policy = Policy::from_toml(SHE).unwrap();
    let held = [field::STAGE, field::TITLE, field::DESCRIPTION];
    let whole =
        release(&policy, node(1), Party::Above, ActKind::Report, &held, Timestamp::EPOCH).unwrap();
    let checked = |from: Option<u8>, key: &str| {
        let mut withhold = Withhold::default();
        withhold.add(from.map(node), key).unwrap();
        let narrow = whole.clone().without(&withhold);
        withhold.check([narrow].iter())
    };
    assert_eq!(checked(None, "title"), Ok(()));
    assert_eq!(checked(Some(1), "description"), Ok(()));
    assert_eq!(checked(Some(2), "title"), Err(WithholdError::NoRecipient(node(2))));
    let lost = Err(WithholdError::NotGiven { field: "contact_phone" });
    assert_eq!(checked(None, "contact_phone"), lost);
    assert_eq!(checked(Some(1), "contact_phone"), lost);
}

#[test]
fn a_withdrawal_gives_codes_alone() {
    let release = withdrawal(node(1), &[field::WITHDRAWN_FROM, field::WITHDRAWN_FIELDS]);
    assert_eq!(release.fields(), [field::WITHDRAWN_FIELDS]);
}

#[test]
fn what_rests_on_a_call_goes_to_whoever_called_or_is_told_of_calls() {
    let mut policy = Policy::from_toml(SHE).unwrap();
    let told = |policy: &Policy| PARTIES.map(|party| told_of_calls(policy, party));
    // Above, below, child, unit, caller.
    assert_eq!(told(&policy), [false, true, false, true, false]);
    let above = policy.disclosures.iter_mut().find(|rule| rule.to == Party::Above).unwrap();
    above.acts.extend([ActKind::Whistle, ActKind::Convene]);
    assert_eq!(told(&policy), [true, true, false, true, false]);
}
