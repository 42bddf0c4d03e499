//! Whether roles that two people grant can be granted, and by nobody alone.

use super::{Problem, report};
use crate::grant::MAX_DAYS;
use crate::policy::{Policy, Power};

pub(super) fn problems(policy: &Policy, found: &mut Vec<Problem>) {
    for (at, roles) in
        [("second_factor", &policy.second_factor), ("person_signature", &policy.person_signature)]
    {
        for key in roles.iter().filter(|key| policy.role(key).is_none()) {
            report(found, at, format!("role {key} is not defined"));
        }
    }
    let Some(rule) = &policy.grant else { return };
    if rule.roles.is_empty() {
        report(found, "grant.roles", "names no role: leave the section out");
    }
    for key in rule.roles.iter().filter(|key| policy.role(key).is_none()) {
        report(found, "grant.roles", format!("role {key} is not defined"));
    }
    if !(1..=MAX_DAYS).contains(&rule.days) {
        report(found, "grant.days", format!("is 1 to {MAX_DAYS}"));
    }
    let may = |power: Power| policy.roles.iter().filter(move |role| role.powers.contains(&power));
    if may(rule.confirmed_by).next().is_none() {
        report(found, "grant.confirmed_by", "nobody could confirm: no role has this power");
    }
    // Whoever could make a colleague of their own choosing alone would confirm by that colleague, or
    // propose by them and confirm themselves.
    for role in policy.roles.iter().filter(|role| !rule.roles.contains(&role.key)) {
        let both = [(rule.confirmed_by, "confirm"), (Power::Roster, "propose")];
        let may = both.into_iter().find(|(power, _)| role.powers.contains(power));
        let Some((_, what)) = may else { continue };
        let what = format!("{} may {what} and is granted by one person: name it too", role.key);
        report(found, "grant.roles", what);
    }
}
