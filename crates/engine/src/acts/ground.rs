//! Party organisations, stations, duty lists, and new shapes of grids: who may say so, and the
//! records that do.

use governance::act::Body;
use governance::duty::DutyLists;
use governance::field;
use governance::history::{History, Period};
use governance::party::Organisation;
use governance::policy::Power;
use governance::station::Station;
use governance::territory::reshape::{Reshape, ReshapeError, Reshaped};
use record::{FieldId, Kind, Subject, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

use super::Desk;
use super::offices::words;
use crate::command::{Agent, Ground, Once, Receipt, Refused};
use crate::kind;
use crate::project::{Dated, Of, ground_key};
use crate::staging::row;
use crate::store::Table;

/// Most versions of a place's lists.
const MAX_VERSIONS: usize = governance::history::MAX_VERSIONS;

/// What changes over time, and where it stands.
struct Standing<T> {
    of: Of,
    id: Option<Subject>,
    what: T,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Desk<'_, '_> {
    pub(super) fn ground(
        &mut self,
        by: &Agent,
        ground: Ground,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        match ground {
            Ground::PutOrganisation { id, organisation, from, until } => {
                let next = Standing { of: Of::Organisation, id, what: organisation, from, until };
                self.put_organisation(by, next, once)
            }
            Ground::EndOrganisation(id) => {
                let places = |known: &Organisation| known.places.clone();
                let as_what = (Of::Organisation, kind::ORGANISATION_ENDED, Power::Roster);
                self.end_standing(by, as_what, id, places, once)
            }
            Ground::PutStation { id, station, from, until } => {
                let next = Standing { of: Of::Station, id, what: *station, from, until };
                self.put_station(by, next, once)
            }
            Ground::EndStation(id) => {
                let place = |known: &Station| vec![known.place];
                let as_what = (Of::Station, kind::STATION_ENDED, Power::Territory);
                self.end_standing(by, as_what, id, place, once)
            }
            Ground::PutDutyLists { place, lists } => self.put_duty_lists(by, place, &lists, once),
            Ground::Reshape(plan) => self.reshape(by, &plan, once),
        }
    }

    fn put_organisation(
        &mut self,
        by: &Agent,
        next: Standing<Organisation>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        self.power_over(by, Power::Roster, "roster", &next.what.places)?;
        let world = self.world.clone();
        let from = next.from.unwrap_or(self.now);
        next.what
            .check(self.world.policy(), &world.territory, &world.roster, from)
            .map_err(|error| invalid("organisation", &error))?;
        let places = |known: &Organisation| known.places.clone();
        let as_what = (kind::ORGANISATION, field::PARTY_DATA, Power::Roster);
        self.put_standing(by, as_what, next, places, once)
    }

    fn put_station(
        &mut self,
        by: &Agent,
        next: Standing<Station>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        self.power_over(by, Power::Territory, "territory", &[next.what.place])?;
        let world = self.world.clone();
        next.what
            .check(self.world.policy(), &world.territory, next.from.unwrap_or(self.now))
            .map_err(|error| invalid("station", &error))?;
        let as_what = (kind::STATION, field::STATION_DATA, Power::Territory);
        self.put_standing(by, as_what, next, |known: &Station| vec![known.place], once)
    }

    /// A further version of something, which has to be on the agent's ground as it was, too.
    fn put_standing<T: Serialize + DeserializeOwned>(
        &mut self,
        by: &Agent,
        (kind, data, power): (Kind, FieldId, Power),
        next: Standing<T>,
        places: impl Fn(&T) -> Vec<Subject>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let Standing { of, id, what, from, until } = next;
        let (id, history) = match id {
            Some(id) => (id, self.standing::<T>(of, id)?),
            None => (Subject::random(self.rng), History::default()),
        };
        let mut ground = places(&what);
        ground.extend(history.latest().map(|last| places(&last.what)).unwrap_or_default());
        ground.retain(|place| self.world.territory.get(*place, self.now).is_some());
        let actor = self.power_over(by, power, name(power), &ground)?;
        let period = Period { from: from.unwrap_or(self.now), until, what };
        history.check(&period, self.now).map_err(|error| invalid("from", &error))?;
        let mut body = Body::default();
        body.put(data, &period.what);
        body.put(field::FROM, &period.from);
        body.put_some(field::UNTIL, period.until.as_ref());
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        self.sign_plain(id, kind, body, actor.as_ref(), once, &mut receipt)?;
        Ok(receipt)
    }

    fn end_standing<T: DeserializeOwned>(
        &mut self,
        by: &Agent,
        (of, kind, power): (Of, Kind, Power),
        id: Subject,
        places: impl Fn(&T) -> Vec<Subject>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        self.power(by, power, name(power))?;
        let history = self.standing::<T>(of, id)?;
        let mut ground = history.latest().map(|last| places(&last.what)).unwrap_or_default();
        ground.retain(|place| self.world.territory.get(*place, self.now).is_some());
        let actor = self.power_over(by, power, name(power), &ground)?;
        history.check_end(self.now).map_err(|error| invalid("until", &error))?;
        let mut body = Body::default();
        body.put(field::UNTIL, &self.now);
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        self.sign_plain(id, kind, body, actor.as_ref(), once, &mut receipt)?;
        Ok(receipt)
    }

    fn standing<T: DeserializeOwned>(&self, of: Of, id: Subject) -> Result<History<T>, Refused> {
        let known = row(self.staging, Table::Ground, &ground_key(of, id))?;
        known.ok_or(Refused::NotFound(of.name()))
    }

    fn put_duty_lists(
        &mut self,
        by: &Agent,
        place: Subject,
        lists: &DutyLists,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        if self.world.territory.get(place, self.now).is_none() {
            self.power(by, Power::Roster, "roster")?;
            return Err(Refused::NotFound("place"));
        }
        let actor = self.power_over(by, Power::Roster, "roster", &[place])?;
        lists.check(self.world.policy()).map_err(|error| invalid("lists", &error))?;
        let known: Vec<Dated> =
            row(self.staging, Table::DutyBook, place.as_bytes())?.unwrap_or_default();
        if known.len() >= MAX_VERSIONS {
            return Err(Refused::Invalid {
                field: "lists",
                what: format!("a place has at most {MAX_VERSIONS} versions of them"),
            });
        }
        let mut body = Body::default();
        body.put(field::DUTY_LISTS, lists);
        let mut receipt = Receipt { subject: Some(place), ..Receipt::empty() };
        self.sign_plain(place, kind::DUTY_LISTS, body, actor.as_ref(), once, &mut receipt)?;
        Ok(receipt)
    }

    /// State transition: old places valid → ended, new ones founded, what lay in the old ones
    /// moved, all at one moment and in one commit.
    fn reshape(
        &mut self,
        by: &Agent,
        plan: &Reshape,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power_over(by, Power::Territory, "territory", &plan.end)?;
        let levels = &self.world.policy().levels;
        let reshaped = self.world.territory.reshape(plan, levels, self.now);
        let Reshaped { places, lineage, territory } =
            reshaped.map_err(|error| Refused::Invalid {
                field: "reshape",
                what: match &error {
                    ReshapeError::Territory(error) => words(error),
                    ReshapeError::Count
                    | ReshapeError::Past { .. }
                    | ReshapeError::Unknown(_)
                    | ReshapeError::OtherLevel(_)
                    | ReshapeError::Exists(_)
                    | ReshapeError::Unplaced(_)
                    | ReshapeError::Stray(_) => error.to_string(),
                },
            })?;
        let mut receipt = Receipt::empty();
        for place in &places {
            let mut body = Body::default();
            body.put(field::PLACE_DATA, place);
            self.sign_plain(place.id, kind::PLACE, body, actor.as_ref(), None, &mut receipt)?;
        }
        for old in &lineage.from {
            let mut body = Body::default();
            body.put(field::UNTIL, &lineage.at);
            self.sign_plain(*old, kind::PLACE_ENDED, body, actor.as_ref(), None, &mut receipt)?;
        }
        let first = lineage.to[0];
        let mut body = Body::default();
        body.put(field::LINEAGE, &lineage);
        receipt.subject = Some(first);
        self.sign_plain(first, kind::RESHAPED, body, actor.as_ref(), once, &mut receipt)?;
        self.change_world(|world| world.territory = Arc::new(territory));
        Ok(receipt)
    }
}

fn name(power: Power) -> &'static str {
    if power == Power::Territory { "territory" } else { "roster" }
}

pub(super) fn invalid(field: &'static str, error: &dyn std::error::Error) -> Refused {
    Refused::Invalid { field, what: error.to_string() }
}
