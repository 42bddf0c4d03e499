//! Doing something with a case: the form of an act, and what was filled in, said to the API.

mod said;

use askama::Template;
use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use governance::act::ActKind;
use governance::area::AreaCode;
use record::Subject;
use serde_json::{Value, json};

use super::input::{Input, inputs};
use super::view::{self, Shown};
use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, go, show_as};
use crate::shape::me::Scope;
use crate::shape::person::{self, Person};
use crate::staff::Staff;
use crate::trouble::Trouble;
use crate::wrong::Wrong;

#[derive(Template)]
#[template(path = "case/act.html")]
struct ActPage {
    p: Page,
    f: ActForm,
}

#[derive(Template)]
#[template(path = "case/act_form.html")]
struct ActPart {
    p: Page,
    f: ActForm,
}

/// The form of an act.
pub(super) struct ActForm {
    s: Shown,
    act: ActKind,
    needs: Vec<String>,
    people: Vec<Person>,
    categories: Vec<(String, String)>,
    places: Vec<(String, String)>,
    wrong: Option<Wrong>,
    filled: Option<Form>,
}

impl ActForm {
    fn inputs(&self) -> &'static [Input] {
        inputs(self.act)
    }

    /// Key of the words of an input: whether parties agreed is asked otherwise than whether
    /// somebody was reached.
    fn asked<'n>(&self, name: &'n str) -> &'n str {
        match (self.act, name) {
            (ActKind::Agreement, "reached") => "agreed",
            (_, name) => name,
        }
    }

    /// What stood in an input before.
    fn was(&self, name: &str) -> String {
        self.filled.as_ref().map(|form| form.text(name)).unwrap_or_default()
    }

    fn had(&self, name: &str, value: &str) -> bool {
        self.filled.as_ref().is_some_and(|form| form.all(name).any(|had| had == value))
    }

    /// Whether an input was wrong.
    fn is_wrong(&self, name: &str) -> bool {
        self.wrong.as_ref().is_some_and(|wrong| wrong.is_in(name))
    }

    /// Whether this place insists on something that may usually be left out.
    fn needs(&self, name: &str) -> bool {
        self.needs.iter().any(|need| need == name)
    }

    fn has_photos(&self) -> bool {
        self.inputs().iter().any(|input| matches!(input, Input::Photos(_)))
    }
}

/// `GET /cases/{id}/acts/{act}`
pub(super) async fn ask(
    staff: Staff,
    Path((id, act)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let (id, act) = (subject(&id)?, kind(&act)?);
    let form = form(&staff, id, act).await?;
    if !form.s.may(act) {
        return Ok(view::not_now(&staff, form.s, act));
    }
    Ok(answer(&staff, hyper::StatusCode::OK, form))
}

/// `POST /cases/{id}/acts/{act}`
pub(super) async fn carry_out(
    staff: Staff,
    Path((id, act)): Path<(String, String)>,
    filled: Form,
) -> Result<Response, Trouble> {
    let (id, act) = (subject(&id)?, kind(&act)?);
    let done = async {
        let said = by_hand(&staff, act, &filled).await?;
        let ask = Ask::post(format!("/v1/cases/{id}/acts"), &said);
        staff.carry_out(ask.once(filled.raw("once")).if_match(filled.raw("version"))).await
    };
    match done.await {
        Ok(_) if staff.visit.part => view::answer(&staff, id, Some(act)).await,
        Ok(_) => Ok(go(&format!("/cases/{id}?done={}", act.key()))),
        Err(trouble) if trouble.is_mendable() => {
            let mut form = form(&staff, id, act).await?;
            form.wrong = Some(Wrong::of(&staff.page("desk"), &trouble, &filled));
            form.filled = Some(filled);
            Ok(answer(&staff, trouble.status, form))
        }
        Err(trouble) => Err(trouble),
    }
}

/// The act with the person's signature on it, where their browser made one; or why it did not.
async fn by_hand(staff: &Staff, act: ActKind, filled: &Form) -> Result<Value, Trouble> {
    let read = |name: &str| serde_json::from_str::<Value>(filled.raw(name)).ok();
    let malformed = Trouble::malformed;
    if let Some(signed) = filled.some("signed").map(|_| read("signed").ok_or_else(malformed)) {
        // What was signed is what is sent, and not the form read once more.
        let mut said = read("said").filter(Value::is_object).ok_or_else(malformed)?;
        if said["act"] != json!(act) {
            return Err(malformed());
        }
        said["signed"] = signed?;
        return Ok(said);
    }
    let mut said = said::said(staff, act, filled).await?;
    if let Some(unsigned) = filled.some("unsigned") {
        said["unsigned"] = unsigned.into();
    }
    Ok(said)
}

/// `POST /cases/{id}/acts/{act}/signing`: what a filled form says, and what of it is to be signed.
/// Photos that came with it are kept. For a script: what is wrong is told in words of the page.
pub(super) async fn signing(
    staff: Staff,
    Path((id, act)): Path<(String, String)>,
    filled: Form,
) -> Result<Response, Trouble> {
    let prepared = async {
        let (id, act) = (subject(&id)?, kind(&act)?);
        let said = said::said(&staff, act, &filled).await?;
        let ask = Ask::post(format!("/v1/cases/{id}/signing"), &said);
        let signing: Value = staff.carry_out(ask).await?.json()?;
        Ok::<_, Trouble>(json!({ "said": said, "signing": signing }))
    };
    Ok(match prepared.await {
        Ok(prepared) => Json(prepared).into_response(),
        Err(trouble) => {
            let wrong = staff.page("").wrong(&trouble);
            (trouble.status, Json(json!({ "wrong": wrong }))).into_response()
        }
    })
}

fn answer(staff: &Staff, status: hyper::StatusCode, f: ActForm) -> Response {
    let p = staff.page("desk");
    if staff.visit.part {
        // Shown in place of the form: what was wrong stands in it.
        show_as(hyper::StatusCode::OK, ActPart { p, f })
    } else {
        show_as(status, ActPage { p, f })
    }
}

async fn form(staff: &Staff, id: Subject, act: ActKind) -> Result<ActForm, Trouble> {
    let s = Shown::read(staff, id).await?;
    let needs = s.open.acts.iter().find(|open| open.act == act).map(|open| open.needs.clone());
    let wants = |input: Input| inputs(act).contains(&input);
    let people = if wants(Input::Person) || wants(Input::Mediators) {
        people(staff, &s).await?
    } else {
        Vec::new()
    };
    let english = staff.page("").is_english();
    let world = staff.state.handle.world();
    let named = |zh: &str, en: &str| if english { en.to_owned() } else { zh.to_owned() };
    let categories = world.policy().categories.iter();
    let categories =
        categories.map(|known| (known.key.clone(), named(&known.name, &known.name_en)));
    let places =
        if wants(Input::Place) { crate::ground::grids(&staff.state.handle) } else { Vec::new() };
    Ok(ActForm {
        act,
        needs: needs.unwrap_or_default(),
        people,
        categories: categories.collect(),
        places: places.into_iter().map(|grid| (grid.id.to_string(), grid.name)).collect(),
        wrong: None,
        filled: None,
        s,
    })
}

/// Whom a case can be given to: those whose place it lies in first.
async fn people(staff: &Staff, s: &Shown) -> Result<Vec<Person>, Trouble> {
    let mut people = person::appointed(staff).await?;
    let (world, now) = (staff.state.handle.world(), staff.state.handle.now());
    let case = &s.case.summary;
    let grid = case.grid.as_deref().and_then(|grid| grid.parse::<AreaCode>().ok());
    let covers = |scope: &Scope| world.territory.holds(scope.id, case.place, grid.as_ref(), now);
    people.sort_by_key(|person| {
        let mut scopes = person.appointments.iter().filter_map(|held| held.scope.as_ref());
        !scopes.any(covers)
    });
    Ok(people)
}

fn subject(text: &str) -> Result<Subject, Trouble> {
    text.parse().map_err(|_| Trouble::not_found())
}

fn kind(text: &str) -> Result<ActKind, Trouble> {
    let known = ActKind::ALL.iter().copied().find(|kind| kind.key() == text);
    known.filter(|kind| *kind != ActKind::Report).ok_or_else(Trouble::not_found)
}
