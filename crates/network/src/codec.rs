//! The messages of [`engine::wire`] on libp2p's request-response streams, each under a deadline.

use std::io;
use std::time::Duration;

use engine::wire::{Request, Response, WireError};
use futures::{AsyncRead, AsyncWrite};
use libp2p::StreamProtocol;
use libp2p::request_response;
use tokio::time::{Instant, timeout, timeout_at};

use crate::conduct::Offence;
use crate::frame::{self, FrameError};

/// The protocol's name in stream negotiation.
pub(crate) const PROTOCOL: StreamProtocol = StreamProtocol::new("/wangge/1");

/// A request on its way out, or one that came in.
pub(crate) enum Carried {
    /// Ours, already encoded.
    Out(Outgoing),
    /// Theirs, or what they sent in its place: libp2p tells nobody of an error in reading a
    /// request, so an offence travels as if it were one and is counted where the peer is known.
    In(Result<Request, Offence>),
}

/// An encoded request.
pub(crate) struct Outgoing {
    /// Type tag, length and body.
    pub(crate) frame: Vec<u8>,
    /// When the response must have arrived.
    pub(crate) deadline: Instant,
}

/// Reads and writes the messages of one stream. libp2p clones it for every stream.
#[derive(Clone)]
pub(crate) struct Codec {
    /// Time for a whole request to arrive.
    read: Duration,
    /// Time for a whole response to be taken.
    write: Duration,
    /// Where a request was written on this stream: its tag and the response's deadline.
    asked: Option<(u8, Instant)>,
}

impl Codec {
    pub(crate) fn new(read: Duration, write: Duration) -> Self {
        Self { read, write, asked: None }
    }
}

impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    type Request = Carried;
    type Response = Response;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Carried>
    where
        T: AsyncRead + Unpin + Send,
    {
        let request = timeout(self.read, request(io))
            .await
            .unwrap_or_else(|_| Err(Offence::Slow(self.read).into()));
        match request {
            Ok(request) => Ok(Carried::In(Ok(request))),
            Err(FrameError::Offence(offence)) => Ok(Carried::In(Err(offence))),
            Err(FrameError::Stream(error)) => Err(error),
        }
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Response>
    where
        T: AsyncRead + Unpin + Send,
    {
        let Some((asked, deadline)) = self.asked else {
            return Err(io::Error::other("a response is read where no request was written"));
        };
        Ok(timeout_at(deadline, response(asked, io)).await.map_err(|_| late())??)
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Carried,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let Carried::Out(Outgoing { frame, deadline }) = request else {
            return Err(io::Error::other("a request that came in cannot go out"));
        };
        let tag = frame.first().copied().unwrap_or_default();
        self.asked = Some((tag, deadline));
        timeout_at(deadline, frame::write(io, &frame)).await.map_err(|_| late())?
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Response,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let frame = encoded(&response)?;
        timeout(self.write, frame::write(io, &frame)).await.map_err(|_| late())?
    }
}

/// Type tags of requests and of the responses that belong to them. [`Response::Done`] and
/// [`Response::Refused`] carry nothing and may follow anything.
const PAIRS: [(u8, u8); 8] =
    [(1, 65), (2, 66), (3, 67), (5, 69), (6, 70), (7, 72), (9, 66), (10, 73)];
const EMPTY: [u8; 2] = [68, 71];

async fn request<T>(io: &mut T) -> Result<Request, FrameError>
where
    T: AsyncRead + Unpin + Send,
{
    let (tag, body) = frame::read(io, |tag| known(tag, Request::cap(tag))).await?;
    Ok(Request::decode(tag, &body).map_err(Offence::from)?)
}

async fn response<T>(asked: u8, io: &mut T) -> Result<Response, FrameError>
where
    T: AsyncRead + Unpin + Send,
{
    let (tag, body) = frame::read(io, |answered| response_cap(asked, answered)).await?;
    Ok(Response::decode(tag, &body).map_err(Offence::from)?)
}

fn response_cap(asked: u8, answered: u8) -> Result<usize, Offence> {
    let cap = known(answered, Response::cap(answered))?;
    if EMPTY.contains(&answered) || PAIRS.contains(&(asked, answered)) {
        Ok(cap)
    } else {
        Err(Offence::Mismatched { asked, answered })
    }
}

fn known(tag: u8, cap: Option<usize>) -> Result<usize, Offence> {
    cap.ok_or(Offence::from(WireError::UnknownType(tag)))
}

/// The response as it lies on the wire. One over its cap is a fault of this node, which the peer
/// sees as a refusal and the operator in the log.
fn encoded(response: &Response) -> io::Result<Vec<u8>> {
    let tag = response.tag();
    let frame = response.encode().and_then(|body| frame::frame(tag, &body)).or_else(|error| {
        tracing::error!(tag, error = &error as &dyn std::error::Error,
            "应答过大或无法编码，已按拒绝答复 a response cannot be sent, the peer is refused instead");
        let body = Response::Refused.encode()?;
        frame::frame(Response::Refused.tag(), &body)
    });
    frame.map_err(io::Error::other)
}

fn late() -> io::Error {
    io::Error::from(io::ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests;
