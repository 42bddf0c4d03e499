//! The views of the list of cases that an account keeps: they follow the person to any device.

use axum::Json;
use engine::command::What;
use engine::note::SavedView;
use engine::view;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use crate::body::Body;
use crate::desk::Desk;
use crate::problem::Problem;

/// All views of an account, in the order in which they are shown.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Views {
    views: Vec<SavedView>,
}

/// `GET /v1/me/views`
pub(crate) async fn get(desk: Desk) -> Result<Json<Views>, Problem> {
    let account = desk.session()?.account.clone();
    let views = desk.read(move |view| Ok(view::saved_views(&view.reader, &account)?));
    views.await.map(|views| Json(Views { views }))
}

/// `PUT /v1/me/views`: in place of those before.
pub(crate) async fn put(desk: Desk, body: Body<Views>) -> Result<StatusCode, Problem> {
    let account = desk.session()?.account.clone();
    let what = What::KeepViews { account, views: body.value.views };
    desk.command(what, body.digest).await?;
    Ok(StatusCode::NO_CONTENT)
}
