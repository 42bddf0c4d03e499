use proptest::prelude::*;
use record::{FederationId, Statement};

use super::*;
use crate::certificate::Certificate;
use crate::certificate::sample::{NOW, Node, certificate, federation, key, top};
use crate::query::sample::{matter, question};

fn pair() -> (Node, Node) {
    let county = top(1, "county", "341021");
    let township = county.child(2, "township", "341021100");
    (county, township)
}

fn plain(asker: &Node) -> Question {
    question(asker, matter(Metric::Open, Grouping::Stage))
}

fn signed(question: &Question, by: &Node) -> Vec<u8> {
    Signed::sign(question.clone(), &by.key, &federation()).bytes().to_vec()
}

#[track_caller]
fn accept(bytes: &[u8], asker: &Node, answerer: &Node) -> Result<Question, QuestionError> {
    Question::accept(bytes, &asker.standing, &answerer.standing, NOW).map(Signed::into_value)
}

#[test]
fn a_parents_question_is_accepted_as_it_was_asked() {
    let (county, township) = pair();
    let question = plain(&county);
    assert_eq!(accept(&signed(&question, &county), &county, &township), Ok(question));
}

#[test]
fn only_the_parent_may_ask_and_only_in_its_own_name() {
    let (county, township) = pair();
    let sibling = county.child(3, "township", "341021101");
    let community = township.child(4, "community", "341021100001");
    for other in [&sibling, &community, &township] {
        let refused = accept(&signed(&plain(other), other), other, &township);
        assert_eq!(refused, Err(QuestionError::NotParent(other.id())));
    }
    let grandparent = accept(&signed(&plain(&county), &county), &county, &community);
    assert_eq!(grandparent, Err(QuestionError::NotParent(county.id())));
    let borrowed = accept(&signed(&plain(&sibling), &county), &county, &township);
    assert_eq!(borrowed, Err(QuestionError::OtherAsker(sibling.id())));
    let forged = accept(&signed(&plain(&county), &sibling), &county, &township);
    assert!(matches!(forged, Err(QuestionError::Envelope(EnvelopeError::OtherSigner { .. }))));
}

#[test]
fn a_parent_without_the_right_to_aggregate_gets_no_numbers() {
    let county = top(1, "county", "341021");
    let rights = [Right::Govern, Right::Enrol].into();
    let mute = Certificate { rights, ..certificate(2, "township", "341021100") };
    let standing = county.standing.issue(&county.key, mute, NOW).unwrap();
    let township = Node { key: key(2), standing };
    let child = Certificate {
        rights: [Right::Govern].into(),
        ..certificate(3, "community", "341021100001")
    };
    let standing = township.standing.issue(&township.key, child, NOW).unwrap();
    let community = Node { key: key(3), standing };
    let refused = accept(&signed(&plain(&township), &township), &township, &community);
    assert_eq!(refused, Err(QuestionError::MayNotAsk(township.id())));
}

#[test]
fn an_old_question_said_again_is_not_answered_and_skewed_clocks_are_borne() {
    let (county, township) = pair();
    let question = plain(&county);
    let bytes = signed(&question, &county);
    let at = |now| Question::accept(&bytes, &county.standing, &township.standing, now);
    let over = question.expires.plus(CLOCK_SLACK);
    assert_eq!(at(over).err(), Some(QuestionError::Expired(question.expires)));
    for skew in [1, 300].map(Duration::from_secs) {
        assert!(at(NOW.plus(skew)).is_ok() && at(NOW.minus(skew)).is_ok());
    }
    let day = Duration::from_secs(86_400);
    assert_eq!(at(NOW.plus(day)).err(), Some(QuestionError::Expired(question.expires)));
    assert_eq!(at(NOW.minus(day)).err(), Some(QuestionError::TooFarAhead(question.expires)));
}

#[test]
fn a_parent_whose_certificate_ran_out_gets_no_numbers() {
    let (county, township) = pair();
    let over = county.standing.expires();
    let question = Question { expires: over, ..plain(&county) };
    let bytes = signed(&question, &county);
    let refused = Question::accept(&bytes, &county.standing, &township.standing, over);
    assert!(matches!(refused, Err(QuestionError::Certificate(_))));
}

#[test]
fn a_question_of_another_federation_is_refused() {
    let (county, township) = pair();
    let other = FederationId::of_root(&key(99).public());
    let bytes = Signed::sign(plain(&county), &county.key, &other).bytes().to_vec();
    assert!(matches!(accept(&bytes, &county, &township), Err(QuestionError::Envelope(_))));
}

#[test]
fn a_question_of_bad_form_is_not_read() {
    let (county, _) = pair();
    let good = plain(&county);
    let backwards = Matter { until: good.matter.from, ..good.matter.clone() };
    for bad in [
        Question { version: 2, ..good.clone() },
        Question { matter: backwards, ..good.clone() },
        Question { budget_ms: 0, ..good.clone() },
        Question { budget_ms: 120_001, ..good.clone() },
        Question { hops: MAX_HOPS + 1, ..good.clone() },
    ] {
        assert!(matches!(
            Question::decode(&bad.encode()),
            Err(StatementError::Version { .. } | StatementError::Rule { .. })
        ));
    }
    assert_eq!(Question::decode(&good.encode()), Ok(good));
}

#[test]
fn every_mutated_byte_of_a_question_is_refused() {
    let (county, township) = pair();
    let bytes = signed(&plain(&county), &county);
    for position in 0..bytes.len() {
        let mut mutated = bytes.clone();
        mutated[position] ^= 1;
        assert!(accept(&mutated, &county, &township).is_err(), "byte {position}");
    }
}

#[test]
fn a_node_outside_the_area_asked_for_is_not_asked() {
    let area = |text: &str| text.parse::<AreaCode>().unwrap();
    let asked = Matter { area: Some(area("341021100")), ..matter(Metric::Open, Grouping::None) };
    assert!(asked.concerns(&area("341021")) && asked.concerns(&area("341021100001")));
    assert!(!asked.concerns(&area("341021101")));
    assert!(matter(Metric::Open, Grouping::None).concerns(&area("34")));
}

proptest! {
    #[test]
    fn each_hop_has_less_time_and_fewer_hops_until_there_are_none(
        budget in 1_u64..200_000, waits in proptest::collection::vec((0_u64..3_000, 1_u64..500), 1..12),
    ) {
        let (county, township) = pair();
        let matter = matter(Metric::Open, Grouping::Stage);
        let id = Subject::from_bytes([1; 16]);
        let mut asked = Question::new(id, county.id(), matter, NOW, Duration::from_millis(budget));
        prop_assert!(asked.budget() <= MAX_BUDGET);
        let mut now = NOW;
        for (waited, margin) in waits {
            let (received, margin) = (now, Duration::from_millis(margin));
            now = now.plus(Duration::from_millis(waited));
            let left = asked.budget().checked_sub(Duration::from_millis(waited) + margin);
            let Some(next) = asked.for_child(township.id(), received, now, margin) else {
                prop_assert!(asked.hops == 0 || left.is_none_or(|left| left.is_zero()));
                return Ok(());
            };
            prop_assert_eq!(Some(next.budget()), left);
            prop_assert!(next.hops < asked.hops && next.expires < asked.expires);
            prop_assert!(next.expires <= now.plus(next.budget()));
            prop_assert_eq!((next.id, &next.matter, next.asker), (asked.id, &asked.matter, township.id()));
            prop_assert!(Question::decode(&next.encode()).is_ok());
            asked = next;
        }
    }
}
