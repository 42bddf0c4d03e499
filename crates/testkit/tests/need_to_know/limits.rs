//! A limit of time, by policy: when it is over the recipient neither shows nor gives on.

use std::time::Duration;

use governance::act::Act;
use governance::field;

use super::line::Line;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn s7_what_was_given_for_a_time_is_hidden_when_the_time_is_over() {
    let limited = testkit::federation::POLICY.replacen(
        "purpose = \"escalation\"\n",
        "purpose = \"escalation\"\ndays = 3\n",
        1,
    );
    let mut line = Line::under(&limited);
    let case = line.at_street(|_| {});
    let (street, home) = (line.street, line.communities[0]);
    let sent = line.sent(home);
    let words =
        |entry: &engine::entry::Entry| entry.fields.iter().any(|id| !field::is_structural(*id));
    for (_, entry) in sent.iter().filter(|(_, entry)| entry.purpose == "escalation") {
        let until = words(entry).then(|| entry.time.plus(DAY * 3));
        assert_eq!(entry.until, until, "words have a limit, codes need none");
    }
    line.wait(DAY * 2);
    assert!(line.shows(street, case, field::DESCRIPTION).is_some());
    line.wait(DAY);
    assert!(line.shows(street, case, field::DESCRIPTION).is_none());
    assert!(line.shows(home, case, field::DESCRIPTION).is_some());
    // Nor is it given on.
    let whistle = line.whistle();
    line.does(street, "township_dispatcher", case, whistle);
    assert!(line.shows(line.units[0], case, field::DESCRIPTION).is_none());
    assert!(line.shows(line.units[0], case, field::REQUEST).is_some());
    let up = Act::Escalate { reason: "需县级专班".into() };
    line.does(street, "township_dispatcher", case, up);
    assert!(line.shows(line.county, case, field::TITLE).is_none());
}
