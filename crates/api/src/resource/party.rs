//! Party organisations on the ground (R2).

use axum::Json;
use axum::response::Response;
use engine::command::{Ground, Receipt, What};
use engine::view;
use governance::history::History;
use governance::party::{Organisation, coverage};
use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::{created, cursor_refused, limit};
use crate::body::{Body, Empty};
use crate::desk::{Desk, View};
use crate::params::{Path, Query};
use crate::problem::{Kind, Problem};
use crate::shape::Page;
use crate::shape::names::{Named, People, PersonName, named};
use crate::shape::place::Line;

/// What part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    limit: Option<usize>,
    after: Option<Subject>,
}

/// Of which level, and within which place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Where {
    level: Option<String>,
    parent: Option<Subject>,
}

/// An organisation to be, or a further version of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Put {
    kind: String,
    name: String,
    places: Vec<Subject>,
    #[serde(default)]
    secretary: Option<Subject>,
    /// From now on where absent.
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    until: Option<Timestamp>,
}

/// An organisation as it is, or as it last was.
#[derive(Serialize)]
pub(crate) struct Shown {
    id: Subject,
    kind: Named,
    name: String,
    places: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secretary: Option<PersonName>,
    from: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    in_force: bool,
    versions: usize,
}

/// How far a level's places are covered, and which are not.
#[derive(Serialize)]
pub(crate) struct Covered {
    level: Named,
    places: usize,
    covered: usize,
    /// Rounded down: 100 means every place.
    percent: usize,
    gaps: Vec<Line>,
}

/// `GET /v1/party-organisations`
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Shown>>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    let page = desk.read(move |view| {
        let all = view::organisations(&view.reader)?;
        let known = |after: Subject| all.iter().any(|(id, _)| *id == after);
        if listing.after.is_some_and(|after| !known(after)) {
            return Err(cursor_refused());
        }
        let mut people = People::new(view);
        let later = |id: Subject| listing.after.is_none_or(|after| id > after);
        let mut rest = all.iter().filter(|(id, _)| later(*id));
        let items = rest.by_ref().take(size);
        let items = items
            .filter_map(|(id, history)| view.organisation(*id, history, &mut people).transpose());
        let items = items.collect::<Result<Vec<_>, _>>()?;
        let next = rest.next().and(items.last()).map(|last| last.id.to_string());
        Ok(Page { items, next })
    });
    page.await.map(Json)
}

/// `POST /v1/party-organisations`
pub(crate) async fn found(desk: Desk, body: Body<Put>) -> Result<Response, Problem> {
    let receipt = desk.command(body.value.command(None), body.digest).await?;
    Ok(created("/v1/party-organisations", &receipt))
}

/// `PUT /v1/party-organisations/{id}`
pub(crate) async fn change(
    desk: Desk,
    path: Path,
    body: Body<Put>,
) -> Result<Json<Receipt>, Problem> {
    let id: Subject = path.id("id")?;
    desk.command(body.value.command(Some(id)), body.digest).await.map(Json)
}

/// `POST /v1/party-organisations/{id}/end`
pub(crate) async fn end(desk: Desk, path: Path, body: Empty) -> Result<Json<Receipt>, Problem> {
    let id: Subject = path.id("id")?;
    let what = What::Ground(Box::new(Ground::EndOrganisation(id)));
    desk.command(what, body.digest).await.map(Json)
}

/// `GET /v1/party-coverage`
pub(crate) async fn covered(desk: Desk, Query(at): Query<Where>) -> Result<Json<Covered>, Problem> {
    let found = desk.read(move |view| {
        let level = view.level_asked(at.level)?;
        let all = view::organisations(&view.reader)?;
        let in_force = all.iter().filter_map(|(_, history)| history.at(view.now));
        let found = coverage(
            in_force.map(|period| &period.what),
            &view.world.territory,
            &level,
            at.parent,
            view.now,
        );
        Ok(Covered {
            level: view.level(&level),
            places: found.places,
            covered: found.covered,
            percent: found.percent(),
            gaps: found.gaps.iter().map(|place| Line::of(place)).collect(),
        })
    });
    found.await.map(Json)
}

impl Put {
    fn command(self, id: Option<Subject>) -> What {
        let Self { kind, name, places, secretary, from, until } = self;
        let organisation = Organisation { kind, name, places, secretary };
        What::Ground(Box::new(Ground::PutOrganisation { id, organisation, from, until }))
    }
}

impl View {
    /// A level that was asked for, or the one at which cases begin.
    ///
    /// # Errors
    /// [`Kind::PARAMETER`] for a level that the policy does not have.
    pub(crate) fn level_asked(&self, level: Option<String>) -> Result<String, Problem> {
        let policy = self.policy();
        let level = level.or_else(|| policy.custody.begins.first().cloned());
        let level = level.filter(|key| policy.levels.iter().any(|level| level.key == *key));
        level.ok_or_else(|| Problem::at(Kind::PARAMETER, "query.level", "is not in the policy"))
    }

    /// The Party organisations in force that cover a place.
    ///
    /// # Errors
    /// When index or journal can't be read.
    pub(crate) fn organisations_on(&self, place: Subject) -> Result<Vec<Shown>, Problem> {
        let mut people = People::new(self);
        let all = view::organisations(&self.reader)?;
        let on = |history: &History<Organisation>| {
            history.at(self.now).is_some_and(|now| now.what.places.contains(&place))
        };
        let mut found = Vec::new();
        for (id, history) in all.iter().filter(|(_, history)| on(history)) {
            found.extend(self.organisation(*id, history, &mut people)?);
        }
        Ok(found)
    }

    fn organisation(
        &self,
        id: Subject,
        history: &History<Organisation>,
        people: &mut People<'_>,
    ) -> Result<Option<Shown>, Problem> {
        let Some(period) = history.at(self.now).or_else(|| history.latest()) else {
            return Ok(None);
        };
        let what = &period.what;
        let kind = self.policy().party_kind(&what.kind);
        Ok(Some(Shown {
            id,
            kind: named(&what.kind, kind.map(|kind| (kind.name.as_str(), kind.name_en.as_str()))),
            name: what.name.clone(),
            places: what.places.iter().map(|place| self.line(*place)).collect(),
            secretary: what.secretary.map(|person| people.name(person)).transpose()?,
            from: period.from,
            until: period.until,
            in_force: period.holds(self.now),
            versions: history.periods().len(),
        }))
    }
}
