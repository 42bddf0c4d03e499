//! Drafts against the territory: what would be new, changed, ended, unchanged.

use std::collections::{BTreeMap, BTreeSet};

use governance::area::AreaCode;
use governance::territory::{Place, Territory};
use record::{Subject, Timestamp};

use super::aside::Aside;
use super::kinds::{self, Kinds};
use super::outcome::{change, differences, no_parent, twice, unknown_id};
use super::parent::{self, Parents};
use super::{
    AHEAD, Counts, Draft, Drafts, Kind, Options, Part, Plan, Scope, fit, outcome, refusal,
};
use crate::problem::{Fault, Problem, Spot};

/// What the drafts would do to the territory. A place is known again by its id where the file has
/// one, by its level and code, or else by its level, parent and name; new places get their ids
/// from `new_id`.
///
/// Whatever the rules of the territory would refuse is refused here, so that the engine takes the
/// rest; a place under one that was refused is refused too.
pub fn plan(
    drafts: Drafts,
    territory: &Territory,
    options: &Options<'_>,
    new_id: &mut impl FnMut() -> Subject,
) -> Plan {
    let kinds = Kinds::new(options.levels, &options.words);
    let mut work = Work::new(territory, options);
    work.plan.problems = drafts.problems;
    work.plan.counts.refused = drafts.refused;
    let mut rows: Vec<(usize, Draft)> =
        drafts.drafts.into_iter().filter_map(|draft| work.sort(&kinds, draft)).collect();
    rows.sort_by_key(|(level, _)| *level);
    work.codes =
        rows.iter().filter_map(|(level, draft)| Some((*level, draft.code.clone()?))).collect();
    let levels: BTreeSet<usize> = rows.iter().map(|(level, _)| *level).collect();
    for (level, draft) in rows {
        match work.row(level, &draft, new_id) {
            Ok(()) => {}
            Err(problem) if problem.is_error() => {
                work.plan.counts.refused += 1;
                work.plan.problems.push(problem);
            }
            Err(problem) => {
                work.plan.counts.skipped += 1;
                work.plan.problems.push(problem);
            }
        }
    }
    if options.scope == Scope::Complete {
        work.end_the_rest(&levels);
    }
    let doubts = fit::check(&work.next, &work.plan, drafts.system, work.at);
    work.plan.problems.extend(doubts);
    work.plan.problems.extend(work.aside.told());
    let Counts { rows: _, new, changed, ended: _, unchanged, skipped, refused } = work.plan.counts;
    work.plan.counts.rows = new + changed + unchanged + skipped + refused;
    work.plan
}

struct Work<'a> {
    options: &'a Options<'a>,
    before: &'a Territory,
    /// As it would be after what was planned so far.
    next: Territory,
    /// When places are looked at: where the plan begins.
    at: Timestamp,
    parents: Parents,
    /// Existing places by level and code.
    by_code: BTreeMap<(usize, AreaCode), Subject>,
    /// Existing places by level, parent and name.
    by_name: BTreeMap<(usize, Option<Subject>, String), BTreeSet<Subject>>,
    /// Levels and codes of the file.
    codes: BTreeSet<(usize, AreaCode)>,
    /// The row that a place was taken from.
    rows: BTreeMap<Subject, Draft>,
    /// Rows that are not this node's.
    aside: Aside,
    plan: Plan,
}

impl<'a> Work<'a> {
    fn new(territory: &'a Territory, options: &'a Options<'a>) -> Self {
        let at = options.from.unwrap_or(options.now).max(options.now.plus(AHEAD));
        let mut work = Self {
            options,
            before: territory,
            next: territory.clone(),
            at,
            parents: Parents::default(),
            by_code: BTreeMap::new(),
            by_name: BTreeMap::new(),
            codes: BTreeSet::new(),
            rows: BTreeMap::new(),
            aside: Aside::default(),
            plan: Plan::default(),
        };
        for place in territory.places(at) {
            let Some(level) = work.depth(&place.level) else { continue };
            work.parents.add(level, place.code.as_ref(), &place.name, place.id);
            if let Some(code) = &place.code {
                work.by_code.insert((level, code.clone()), place.id);
            }
            let name = (level, place.parent, place.name.clone());
            work.by_name.entry(name).or_default().insert(place.id);
        }
        work
    }

    fn depth(&self, level: &str) -> Option<usize> {
        self.options.levels.iter().position(|l| l.key == level)
    }

    /// The draft's level, or nothing for one that is not this node's.
    fn sort(&mut self, kinds: &Kinds<'_>, draft: Draft) -> Option<(usize, Draft)> {
        let outside =
            |area: &AreaCode| draft.code.as_ref().is_some_and(|code| !code.is_within(area));
        match kinds.find(draft.level.as_deref(), draft.code.as_ref()) {
            _ if self.options.area.as_ref().is_some_and(outside) => {
                self.plan.counts.skipped += 1;
                self.aside.add(Fault::OutsideArea, draft.spot);
                None
            }
            kinds::Found::Level(level) => Some((level, draft)),
            kinds::Found::Skip => {
                self.plan.counts.skipped += 1;
                self.aside.add(Fault::SkippedLevel, draft.spot);
                None
            }
            kinds::Found::Unknown => {
                let list = kinds.list();
                let problem = Problem::error(
                    Fault::UnknownLevel,
                    draft.spot,
                    format!("看不出层级；可填：{list}，或在导入设置里说明"),
                    format!("its level can't be told; it may be: {list}, or map the word"),
                );
                self.plan.problems.push(problem.of(draft.level.unwrap_or_default()));
                self.plan.counts.refused += 1;
                None
            }
        }
    }

    fn row(
        &mut self,
        level: usize,
        draft: &Draft,
        new_id: &mut impl FnMut() -> Subject,
    ) -> Result<(), Problem> {
        let parent = self.parent(level, draft)?;
        let known = self.known(level, parent, draft)?;
        if let Some(first) = known.and_then(|id| self.rows.get(&id)) {
            return Err(twice(first, draft));
        }
        let old = known.and_then(|id| self.before.get(id, self.at));
        let place = self.place(level, parent, draft, old, new_id);
        let parts = old.map(|old| differences(old, &place)).unwrap_or_default();
        let kind = match old {
            None => Kind::New,
            Some(_) if parts.is_empty() => Kind::Unchanged,
            Some(_) => Kind::Changed,
        };
        if kind != Kind::Unchanged {
            let checked = self.next.check(&place, self.options.levels, self.options.now);
            checked
                .and_then(|()| self.next.insert(place.clone()))
                .map_err(|error| refusal::problem(&error, draft.spot.clone()).of(&draft.name))?;
        }
        self.take(level, draft, place, kind, parts);
        Ok(())
    }

    fn take(&mut self, level: usize, draft: &Draft, place: Place, kind: Kind, parts: Vec<Part>) {
        self.forget(level, place.id);
        self.parents.add(level, place.code.as_ref(), &place.name, place.id);
        if let Some(code) = &place.code {
            self.by_code.insert((level, code.clone()), place.id);
        }
        let name = (level, place.parent, place.name.clone());
        self.by_name.entry(name).or_default().insert(place.id);
        self.rows.insert(place.id, draft.clone());
        if let Some(point) = draft.point {
            self.plan.points.insert(place.id, point);
        }
        let counts = &mut self.plan.counts;
        match kind {
            Kind::New => counts.new += 1,
            Kind::Changed => counts.changed += 1,
            Kind::Ended => counts.ended += 1,
            Kind::Unchanged => counts.unchanged += 1,
        }
        self.plan.changes.push(change(draft.spot.clone(), &place, kind, parts));
        if kind != Kind::Unchanged {
            self.plan.places.push(place);
        }
    }

    /// A place is found by what it is called from now on, not by what it was called: else the same
    /// file would mean something else the next time.
    fn forget(&mut self, level: usize, id: Subject) {
        let Some(old) = self.before.get(id, self.at) else { return };
        self.parents.remove(old.code.as_ref(), &old.name, id);
        if let Some(code) = &old.code {
            self.by_code.remove(&(level, code.clone()));
        }
        if let Some(same) = self.by_name.get_mut(&(level, old.parent, old.name.clone())) {
            same.remove(&id);
        }
    }

    /// The place that the row lies in: the one it names, or else the one that its code tells.
    fn parent(&self, level: usize, draft: &Draft) -> Result<Option<Subject>, Problem> {
        let top = self.options.levels[level].administrative;
        let by_code = draft.code.as_ref().and_then(|code| self.parents.above(code, level));
        let Some(label) = &draft.parent else {
            let old = self.known(level, None, draft).ok().flatten();
            let old = old.and_then(|id| self.before.get(id, self.at)).and_then(|old| old.parent);
            return match by_code.or(old) {
                None if !top => Err(no_parent(draft, "")),
                parent => Ok(parent),
            };
        };
        match self.parents.find(label, level) {
            parent::Found::One(id) => Ok(Some(id)),
            parent::Found::Several => Err(Problem::error(
                Fault::AmbiguousParent,
                draft.spot.clone(),
                "上级名称对应多个地点；请改填上级的代码",
                "several places have the parent's name: give its code",
            )
            .of(label)),
            // A county's own parent, the city, is not in the county's territory.
            parent::Found::None if top && self.beyond(label) => Ok(by_code),
            parent::Found::None => Err(no_parent(draft, label)),
        }
    }

    /// Whether a parent's code names an area above or beside this node's own.
    fn beyond(&self, label: &str) -> bool {
        let code: Result<AreaCode, _> = label.parse();
        code.is_ok_and(|code| self.options.area.as_ref().is_none_or(|area| !code.is_within(area)))
    }

    /// The existing place, or the one taken from an earlier row, that the row is about.
    fn known(
        &self,
        level: usize,
        parent: Option<Subject>,
        draft: &Draft,
    ) -> Result<Option<Subject>, Problem> {
        if let Some(id) = draft.id {
            let there = self.before.get(id, self.at).is_some();
            return if there { Ok(Some(id)) } else { Err(unknown_id(draft, id)) };
        }
        let by_code = draft.code.as_ref().and_then(|code| self.by_code.get(&(level, code.clone())));
        if let Some(id) = by_code {
            return Ok(Some(*id));
        }
        // A place whose own code stands in another row is another place of the same name.
        let elsewhere = |id: &Subject| {
            let code = self.next.get(*id, self.at).and_then(|place| place.code.clone());
            code.is_some_and(|code| self.codes.contains(&(level, code)))
        };
        let same_name = self.by_name.get(&(level, parent, draft.name.clone()));
        Ok(same_name.into_iter().flatten().copied().find(|id| !elsewhere(id)))
    }

    fn place(
        &mut self,
        level: usize,
        parent: Option<Subject>,
        draft: &Draft,
        old: Option<&Place>,
        new_id: &mut impl FnMut() -> Subject,
    ) -> Place {
        // A new place may have existed before it was entered; a change may not begin in the past.
        let begins = match old {
            Some(_) => draft.from.unwrap_or(self.at).max(self.at),
            None => draft.from.or(self.options.from).unwrap_or(self.options.now),
        };
        let renumbered = old
            .and_then(|old| old.code.as_ref())
            .filter(|code| draft.code.as_ref().is_some_and(|new| new != *code));
        self.plan.problems.extend(renumbered.map(|code| outcome::recoded(draft, code)));
        Place {
            id: old.map_or_else(new_id, |old| old.id),
            level: self.options.levels[level].key.clone(),
            code: draft.code.clone().or_else(|| old.and_then(|old| old.code.clone())),
            name: draft.name.clone(),
            parent,
            households: draft.households.or(old.and_then(|old| old.households)),
            boundary: draft.boundary.clone().or_else(|| old.and_then(|old| old.boundary.clone())),
            valid_from: begins,
            valid_until: draft.until.or(old.and_then(|old| old.valid_until)),
        }
    }

    /// Ends what a complete file does not have. With rows refused nobody knows what it has.
    fn end_the_rest(&mut self, levels: &BTreeSet<usize>) {
        if self.plan.counts.refused > 0 {
            self.plan.problems.push(Problem::warning(
                Fault::Conflict,
                Spot::default(),
                "有的行没有被接受，因此不停用任何地点；请先改正",
                "some rows were refused, so nothing is ended: put them right first",
            ));
            return;
        }
        let area = self.options.area.clone();
        let mut gone: Vec<(usize, Place)> = self
            .before
            .places(self.at)
            .filter(|place| !self.rows.contains_key(&place.id) && place.valid_until.is_none())
            .filter_map(|place| Some((self.depth(&place.level)?, place.clone())))
            .filter(|(level, _)| levels.contains(level))
            .filter(|(_, place)| match (&place.code, &area) {
                (Some(code), Some(area)) => code.is_within(area),
                _ => true,
            })
            .collect();
        gone.sort_by_key(|(level, place)| (std::cmp::Reverse(*level), place.id));
        for (_, place) in gone {
            match self.next.end(place.id, self.options.now) {
                Ok(()) => {
                    self.plan.counts.ended += 1;
                    self.plan.ends.push(place.id);
                    self.plan.changes.push(change(Spot::default(), &place, Kind::Ended, vec![]));
                }
                Err(error) => {
                    self.plan
                        .problems
                        .push(refusal::problem(&error, Spot::default()).of(&place.name));
                }
            }
        }
    }
}
