//! The body of a request on its way in: bounded in size, in time, and in how many an address may
//! have on their way at once. Only a request that is wholly here takes a place among those being
//! worked on, so that slow senders keep nobody else waiting (S14).

use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use futures::StreamExt;
use hyper::header::CONTENT_LENGTH;

use crate::problem::{Kind, Problem};
use crate::rate::Key;
use crate::route::{Load, Route};
use crate::state::State;

/// How long a body may take to arrive, if the whole request may take that long.
const WITHIN: Duration = Duration::from_secs(10);
/// The same for a file: 20 MiB at 1.4 Mbit/s.
const FILE_WITHIN: Duration = Duration::from_secs(120);
/// Bodies on their way at once from one address.
const PER_ADDRESS: usize = 32;
/// Bodies on their way at once from everybody.
const OF_ALL: usize = 512;

/// The same request with its body in memory.
///
/// # Errors
/// [`Kind::TOO_LARGE`], [`Kind::TIMEOUT`], [`Kind::MALFORMED`] when it breaks off, [`Kind::BUSY`]
/// when too many are on their way.
pub(crate) async fn complete(
    state: &State,
    request: Request,
    address: Option<IpAddr>,
    route: &Route,
) -> Result<Request, Problem> {
    let limit = route.largest();
    let (parts, body) = request.into_parts();
    let told = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if told.and_then(|length| length.parse::<u64>().ok()) > Some(limit as u64) {
        return Err(Kind::TOO_LARGE.into());
    }
    // Everybody is on this machine or behind its proxy: then one address tells nothing.
    let near = address.is_some_and(|address| address.to_canonical().is_loopback());
    let most = if near { OF_ALL } else { PER_ADDRESS };
    let busy = || Problem::after(Kind::BUSY, WITHIN);
    let _of_all = state.arrivals.take(Key::All, OF_ALL).ok_or_else(busy)?;
    let _own = match address {
        Some(_) => Some(state.arrivals.take(Key::of(address), most).ok_or_else(busy)?),
        None => None,
    };
    let within = match route.load {
        Load::One | Load::Many => WITHIN.min(state.config.within),
        Load::File => FILE_WITHIN.min(state.config.within_for_files),
    };
    let read = tokio::time::timeout(within, collect(body, limit)).await;
    let bytes = read.map_err(|_| Kind::TIMEOUT)??;
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| Kind::MALFORMED)?;
        if whole.len() + piece.len() > limit {
            return Err(Kind::TOO_LARGE.into());
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.into())
}
