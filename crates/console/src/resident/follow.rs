//! What became of a report, by the code on its receipt; and what its reporter may do: rate it, have
//! it taken up again, withdraw it.

use askama::Template;
use axum::extract::{Path, Query, State as At};
use axum::response::Response;
use governance::act::ActKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::front::{or_unknown, unknown};
use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, go, show, show_as};
use crate::qr::Qr;
use crate::shape::public::Followed;
use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::{Visit, nonce};
use crate::wrong::Wrong;

#[derive(Template)]
#[template(path = "resident/follow.html")]
struct Follow {
    p: Page,
    code: String,
    case: Followed,
    /// The address of this very page, on a receipt.
    qr: Option<Qr>,
    new: bool,
    done: Option<ActKind>,
    once: String,
    wrong: Option<Wrong>,
    /// The act that was wrong, and what was filled in.
    tried: Option<(String, Form)>,
}

/// The code, as somebody typed it.
#[derive(Deserialize)]
pub(super) struct Typed {
    code: Option<String>,
}

/// What has just happened.
#[derive(Deserialize)]
pub(super) struct Just {
    new: Option<String>,
    done: Option<ActKind>,
}

impl Follow {
    fn may(&self, key: &str) -> bool {
        self.case.may.iter().any(|act| act.key() == key)
    }

    /// Whether it was this act that was wrong.
    fn tried(&self, act: &str) -> bool {
        self.tried.as_ref().is_some_and(|(tried, _)| tried == act)
    }

    /// What stood in a field of an act before.
    fn was(&self, act: &str, name: &str) -> String {
        let tried = self.tried.as_ref().filter(|(tried, _)| tried == act);
        tried.map(|(_, form)| form.text(name)).unwrap_or_default()
    }
}

/// `GET /r?code=`
pub(super) async fn look(
    At(state): At<State>,
    visit: Visit,
    Query(typed): Query<Typed>,
) -> Response {
    let typed = typed.code.unwrap_or_default();
    let code = tidy(&typed);
    std::future::ready(match (typed.trim().is_empty(), code.is_empty()) {
        (true, _) => go("/"),
        (false, true) => unknown(&state, &visit, &typed),
        (false, false) => go(&format!("/r/{code}")),
    })
    .await
}

/// What people make of a code on paper: spaces, small letters, other hyphens.
pub(super) fn tidy(typed: &str) -> String {
    let plain = typed.chars().filter_map(|c| match c {
        '－' | '—' | '–' | '-' => Some('-'),
        c if c.is_ascii_alphanumeric() => Some(c.to_ascii_uppercase()),
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            char::from_u32(u32::from(c) - 0xfee0).map(|c| c.to_ascii_uppercase())
        }
        _ => None,
    });
    plain.take(64).collect()
}

/// `GET /r/{code}`
pub(super) async fn follow(
    At(state): At<State>,
    visit: Visit,
    Path(code): Path<String>,
    Query(just): Query<Just>,
) -> Result<Response, Trouble> {
    let code = tidy(&code);
    or_unknown(shown(&state, &visit, &code, &just).await, &state, &visit, &code)
}

async fn shown(state: &State, visit: &Visit, code: &str, just: &Just) -> Result<Response, Trouble> {
    let new = just.new.is_some();
    let qr = new.then(|| Qr::to(state, visit, &format!("/r/{code}"))).flatten();
    let page = page(state, visit, code).await?;
    Ok(show(Follow { qr, new, done: just.done, ..page }))
}

/// The page, before anything happened on it.
async fn page(state: &State, visit: &Visit, code: &str) -> Result<Follow, Trouble> {
    let case = state.api.read(visit, Ask::get(format!("/v1/reports/{code}"))).await?;
    let (p, code, once) =
        (Page::new(state, visit, "").at(format!("/r/{code}")), code.to_owned(), nonce());
    let (qr, new, done, wrong, tried) = (None, false, None, None, None);
    Ok(Follow { p, code, case, qr, new, done, once, wrong, tried })
}

/// `POST /r/{code}/{act}`
pub(super) async fn act(
    At(state): At<State>,
    visit: Visit,
    Path((code, act)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Trouble> {
    let code = tidy(&code);
    let said = said(&act, &form).ok_or_else(Trouble::not_found)?;
    let once = form.raw("once").to_owned();
    let ask = Ask::post(format!("/v1/reports/{code}/acts"), &said).once(&once);
    match state.api.ask(&visit, ask).await {
        Ok(_) => Ok(go(&format!("/r/{code}?done={act}"))),
        Err(trouble) if trouble.is_mendable() => {
            let page = page(&state, &visit, &code).await?;
            let (status, wrong) = (trouble.status, Some(Wrong::of(&page.p, &trouble, &form)));
            Ok(show_as(status, Follow { once, wrong, tried: Some((act, form)), ..page }))
        }
        Err(trouble) => or_unknown(Err(trouble), &state, &visit, &code),
    }
}

fn said(act: &str, form: &Form) -> Option<Value> {
    let reason = || json!({ "act": act, "reason": form.text("reason") });
    match act {
        "verify" => {
            let mut said = json!({ "act": act, "solved": form.raw("solved") == "yes" });
            if let Ok(points) = form.raw("satisfaction").parse::<u8>() {
                said["satisfaction"] = json!(points);
            }
            Some(said)
        }
        "reopen" | "withdraw" => Some(reason()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        assert_eq!(tidy(" abcd-1234 EFGH—５６７８\n"), "ABCD-1234EFGH-5678");
        assert_eq!(tidy("../../x"), "X");
    }
}
