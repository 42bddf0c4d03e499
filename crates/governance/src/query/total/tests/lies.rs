//! What forged, borrowed, repeated and overreaching answers come to.

use super::*;

#[test]
fn an_answer_about_another_matter_is_not_counted_even_as_stale() {
    let c = county();
    let question = c.question(Grouping::None);
    let matter = Matter { metric: Metric::Received, ..question.matter.clone() };
    let other = Question { matter, ..question.clone() };
    let answer = c.first.answer(&other, &cases(&c.first, 8), vec![]).bytes().clone();
    for state in [ChildState::Answered { answer: answer.clone() }, ChildState::Stale { answer }] {
        let total = c.total_with(&question, c.first.entry(state));
        assert_eq!(only_fault(&total), ("answers another question", Some("community 4")));
    }
}

#[test]
fn a_parent_cannot_answer_in_its_childs_place() {
    let c = county();
    let question = c.question(Grouping::None);
    let own = c.first.answer(&question, &cases(&c.first, 8), vec![]);
    let forged = Signed::sign(own.value().clone(), &c.north.key, &federation());
    let total = c.total_with(&question, c.first.answered(&forged));
    assert_eq!(only_fault(&total), ("signature or form refused", Some("community 4")));
    // Nor pass one child's answer off as another's.
    let swapped = ChildAnswer {
        state: ChildState::Answered { answer: own.bytes().clone() },
        ..c.second.entry(ChildState::Pending)
    };
    let north = c.north_with(&question, vec![c.first.answered(&own), swapped]);
    let children = vec![c.north.answered(&north), c.answered_south(&question)];
    let total = c.read(&question, &c.county_with(&question, children)).unwrap();
    assert_eq!(count(&total), 15);
    assert_eq!(names(&total.completeness().invalid), ["community 5"]);
}

#[test]
fn a_child_that_signs_about_another_node_is_not_counted() {
    let c = county();
    let question = c.question(Grouping::None);
    let about_second = c.second.answer(&question, &cases(&c.second, 8), vec![]).into_value();
    let forged = Signed::sign(about_second, &c.first.key, &federation());
    let total = c.total_with(&question, c.first.answered(&forged));
    assert_eq!(only_fault(&total), ("names another node", Some("community 4")));
}

#[test]
fn a_child_certified_by_another_parent_is_not_counted() {
    let c = county();
    let question = c.question(Grouping::None);
    let stranger = c.south.child(6, "community", "341021101001");
    let answer = stranger.answer(&question, &cases(&stranger, 8), vec![]);
    let total = c.total_with(&question, stranger.answered(&answer));
    assert_eq!(only_fault(&total), ("certificate refused", None));
    // Nor is a good certificate under another node's id.
    let renamed = ChildAnswer { node: stranger.id(), ..c.first.answered(&answer) };
    assert_eq!(only_fault(&c.total_with(&question, renamed)), ("names another node", None));
}

#[test]
fn a_node_under_two_parents_is_counted_once() {
    let c = county();
    let question = c.question(Grouping::None);
    // The county certified the community itself, too, so both certificates hold.
    let direct = c.county.child(4, "community", "341021100001");
    let answer = c.first.answer(&question, &cases(&c.first, 8), vec![]);
    let north = c.north_with(&question, vec![c.first.answered(&answer)]);
    let children = vec![c.north.answered(&north), direct.answered(&answer)];
    let total = c.read(&question, &c.county_with(&question, children)).unwrap();
    assert_eq!(count(&total), 11);
    assert_eq!(total.completeness().invalid[0].fault, Some("counted already"));
}

#[test]
fn grids_of_others_make_an_answer_invalid() {
    let c = county();
    let question = c.question(Grouping::Grid);
    let grid = |code: &str| Fact { grid: Some(code.parse().unwrap()), ..fact(c.first.id()) };
    let own = c.first.answer(&question, &[grid("341021100001001")], vec![]);
    let total = c.total_with(&question, c.first.answered(&own));
    assert_eq!(count(&total), 24);
    let mut lying = own.into_value();
    let foreign = Group::of(Some("341021100002001"));
    lying.tally = lying.tally.regrouped(|_| foreign.clone());
    let lying = Signed::sign(lying, &c.first.key, &federation());
    let total = c.total_with(&question, c.first.answered(&lying));
    assert_eq!(only_fault(&total), ("counts grids outside its area", Some("community 4")));
}

#[test]
fn codes_that_the_reader_does_not_know_are_counted_without_their_text() {
    let c = county();
    let question = c.question(Grouping::Stage);
    let strange = Fact { stage: "Zhang-San.138".into(), ..fact(c.first.id()) };
    let answer = c.first.answer(&question, &[strange, fact(c.first.id())], vec![]);
    let north = c.north_with(&question, vec![c.first.answered(&answer)]);
    let answer = c.county_with(&question, vec![c.north.answered(&north)]);
    let known = |grouping, code: &str| grouping == Grouping::Stage && code == "handling";
    let total = total(&question, &answer, &c.county.standing, NOW, known).unwrap();
    let counted = total.complete().unwrap();
    assert_eq!(counted.get(&Group::of(Some("handling"))).unwrap().count, 4);
    assert_eq!(counted.get(&Group::Other).unwrap().count, 1);
    assert_eq!(counted.len(), 2);
}

#[test]
fn the_outermost_answer_has_to_hold_itself() {
    let c = county();
    let question = c.question(Grouping::None);
    let honest = c.honest(&question);
    let forged = Signed::sign(honest.value().clone(), &c.north.key, &federation());
    assert_eq!(c.read(&question, &forged).err(), Some(AnswerError::OtherNode));
    let other = Question { id: Subject::ZERO, ..question.clone() };
    assert_eq!(c.read(&other, &honest).err(), Some(AnswerError::OtherQuestion));
    let wrong = total(&question, &honest, &c.north.standing, NOW, |_, _| true);
    assert_eq!(wrong.err(), Some(AnswerError::OtherNode));
}

#[test]
fn an_answer_is_checked_before_it_is_passed_on() {
    let c = county();
    let question = c.question(Grouping::None);
    let answer = c.first.answer(&question, &cases(&c.first, 8), vec![]);
    let accept = |question: &Question, from: &Node, now| {
        Answer::accept(answer.bytes(), question, &from.standing, now)
    };
    assert_eq!(accept(&question, &c.first, NOW), Ok(answer.clone()));
    assert!(matches!(accept(&question, &c.second, NOW), Err(AnswerError::Envelope(_))));
    let other = Question { id: Subject::ZERO, ..question.clone() };
    assert_eq!(accept(&other, &c.first, NOW), Err(AnswerError::OtherQuestion));
    let over = c.first.standing.expires();
    assert!(matches!(accept(&question, &c.first, over), Err(AnswerError::Certificate(_))));
    let late = total(&question, &c.honest(&question), &c.county.standing, over, |_, _| true);
    assert!(matches!(late, Err(AnswerError::Certificate(_))));
}

#[test]
fn every_mutated_byte_of_an_inner_answer_is_noticed() {
    let c = county();
    let question = c.question(Grouping::None);
    let answer = c.first.answer(&question, &cases(&c.first, 8), vec![]);
    for position in 0..answer.bytes().len() {
        let mut mutated = answer.bytes().to_vec();
        mutated[position] ^= 0x01;
        let state = ChildState::Answered { answer: mutated.into() };
        let north = c.north_with(&question, vec![c.first.entry(state)]);
        let total = c.read(&question, &c.county_with(&question, vec![c.north.answered(&north)]));
        let total = total.unwrap();
        assert_eq!((count(&total), total.completeness().invalid.len()), (3, 1), "byte {position}");
    }
}
