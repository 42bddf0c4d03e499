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
use crate::route::{Load, Room};
use crate::share::Share;
use crate::state::State;

/// How long a body may take to arrive, if the whole request may take that long.
const WITHIN: Duration = Duration::from_secs(10);
/// How long a body with photos in it may take: telephones send slowly.
const WITHIN_PHOTOS: Duration = Duration::from_secs(60);
/// Requests with photos being taken in at once, from one address and from everybody. Each may hold
/// as many bytes in memory as a request with photos may have.
const UPLOADS: (usize, usize) = (2, 8);
/// The same for a file: 20 MiB at 1.4 Mbit/s.
const FILE_WITHIN: Duration = Duration::from_secs(120);
/// Bodies on their way at once from one address.
const PER_ADDRESS: usize = 32;
/// Bodies on their way at once from everybody.
const OF_ALL: usize = 512;

/// Leave to bring photos, given back when dropped; `None` for a request without any.
///
/// # Errors
/// [`Kind::BUSY`] when too many are being taken in.
pub(crate) fn photos(
    state: &State,
    room: &Room,
    address: Option<IpAddr>,
) -> Result<Option<[Share<Key>; 2]>, Problem> {
    if room.load != Load::Photos {
        return Ok(None);
    }
    let near = address.is_some_and(|address| address.to_canonical().is_loopback());
    let most = if near { UPLOADS.1 } else { UPLOADS.0 };
    let own = state.uploads.take(Key::of(address), most);
    let of_all = state.uploads.take(Key::Account([0; 8]), UPLOADS.1);
    let both = own.zip(of_all).ok_or_else(|| Problem::after(Kind::BUSY, WITHIN))?;
    Ok(Some(both.into()))
}

/// The same request with its body in memory.
///
/// # Errors
/// [`Kind::TOO_LARGE`], [`Kind::TIMEOUT`], [`Kind::MALFORMED`] when it breaks off, [`Kind::BUSY`]
/// when too many are on their way.
pub(crate) async fn complete(
    state: &State,
    request: Request,
    address: Option<IpAddr>,
    room: &Room,
) -> Result<Request, Problem> {
    let limit = room.bytes;
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
    let within = match room.load {
        Load::One | Load::Many => WITHIN.min(state.config.within),
        Load::File => FILE_WITHIN.min(state.config.within_for_files),
        Load::Photos => WITHIN_PHOTOS.min(state.config.within_for_files),
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
