//! People and appointments from a file (R1, R4).

use axum::Json;
use engine::command::{Agent, What};
use engine::note::Proposing;
use engine::runtime::Handle;
use engine::view;
use futures::{StreamExt, stream};
use import::columns::Mapping;
use import::moment::Zone;
use import::problem::Problem as Named;
use import::roster::{self, Known, Options, Person, Plan};
use import::table;
use serde::Deserialize;

use super::apply::{UNDER_WAY, named, persist};
use super::places::zone;
use super::told::Told;
use super::upload::Upload;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::problem::Problem;
use crate::progress::Brings;

/// A file of people.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    file: Upload,
    /// Which sheet of a workbook.
    #[serde(default)]
    sheet: Option<String>,
    /// Headers of the file for columns by their keys.
    #[serde(default)]
    columns: Mapping,
    /// The zone of its dates; China's where absent.
    #[serde(default)]
    zone: Option<String>,
    /// Whether it is only shown what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// `POST /v1/imports/people`
pub(crate) async fn take(
    desk: Desk,
    body: Body<File>,
) -> Result<Json<Told<roster::Counts>>, Problem> {
    let file = body.value;
    let dry_run = file.dry_run;
    let zone = zone(file.zone.as_deref())?;
    // What is to change follows from what is there.
    let _turn = desk.state.turn.lock().await;
    let Plan { people, mut problems, mut counts } =
        desk.read(move |view| view.people_of(&file, zone)).await?;
    if !dry_run {
        let (handle, by) = (&desk.state.handle, desk.staff()?);
        let progress = desk.import(Brings::People, people.len())?;
        let all = people.into_iter().map(|person| enlist(handle, &by, person));
        let mut under_way = stream::iter(all).buffered(UNDER_WAY);
        while let Some(done) = under_way.next().await {
            progress.step(1);
            if let Some(refused) = done? {
                counts.refused += 1;
                problems.push(refused);
            }
        }
    }
    Ok(Json(Told::new(dry_run, counts, problems)))
}

/// Registers a person where they are not known, and appoints them, one after the other.
async fn enlist(handle: &Handle, by: &Agent, person: Person) -> Result<Option<Named>, Problem> {
    let spot = person.spots.first().cloned().unwrap_or_default();
    let known = match person.known {
        Some(known) => known,
        None => {
            let (name, phone) = (person.name, person.phone);
            let what = What::Register { person: None, name, phone };
            match persist(handle, by, what).await {
                Ok(receipt) => receipt.subject.ok_or(crate::problem::Kind::INTERNAL)?,
                Err(refused) => return named(refused, spot).map(Some),
            }
        }
    };
    for appointment in person.appointments {
        let what = What::Appoint { person: known, appointment };
        if let Err(refused) = persist(handle, by, what).await {
            return named(refused, spot).map(Some);
        }
    }
    Ok(None)
}

impl View {
    fn people_of(&self, file: &File, zone: Zone) -> Result<Plan, Problem> {
        let options = table::Options { sheet: file.sheet.clone(), ..table::Options::default() };
        let book = match table::read(&file.file.0, &options) {
            Ok(book) => book,
            Err(problem) => return Ok(Plan { problems: vec![problem], ..Plan::default() }),
        };
        let mut known = self.known_people()?;
        // What waits for a second person is asked for already.
        for waiting in view::proposals(&self.reader)? {
            let lasts = self.now < waiting.expires;
            let of = known.iter_mut().find(|known| known.person == waiting.person);
            if let (true, Some(of), Proposing::Role(asked)) = (lasts, of, waiting.what) {
                of.appointments.push(asked);
            }
        }
        let options = Options {
            policy: self.policy(),
            territory: &self.world.territory,
            known: &known,
            zone,
            now: self.now,
        };
        Ok(roster::plan(&book, &file.columns, &options))
    }

    /// Everybody on the roster, with the names and numbers that only their records have.
    ///
    /// # Errors
    /// When index or journal can't be read.
    pub(in crate::resource) fn known_people(&self) -> Result<Vec<Known>, Problem> {
        let mut known = Vec::new();
        for (person, held) in self.world.roster.iter() {
            let Some(staff) = view::staff(&self.reader, self.whose(), *person)? else { continue };
            let (name, phone) = (staff.name, staff.phone);
            let appointments = held.appointments.clone();
            known.push(Known { person: *person, name, phone, appointments });
        }
        Ok(known)
    }
}
