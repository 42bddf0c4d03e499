//! One message on a stream: a type tag (one byte), a length (four bytes, big-endian) and a body.
//! The cap of the type is checked before a byte of the body is read, and memory grows with the
//! bytes that arrive, never with the length that is announced.

use std::io;

use engine::wire::WireError;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::conduct::Offence;

/// Bytes in front of the body.
pub(crate) const HEADER: usize = 5;
/// Most bytes reserved ahead of those that have arrived.
pub(crate) const STEP: usize = 16 * 1024;

/// Why no message came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The stream broke or was closed before a message began: nobody's fault.
    #[error("the stream ended")]
    Stream(#[from] io::Error),
    /// The peer's fault.
    #[error("the peer misbehaves")]
    Offence(#[from] Offence),
}

impl From<FrameError> for io::Error {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Stream(error) => error,
            FrameError::Offence(offence) => Self::new(io::ErrorKind::InvalidData, offence),
        }
    }
}

/// A message as it lies on the wire.
///
/// # Errors
/// [`WireError::TooLarge`] when the length does not fit in four bytes.
pub(crate) fn frame(tag: u8, body: &[u8]) -> Result<Vec<u8>, WireError> {
    let length = u32::try_from(body.len()).map_err(|_| WireError::TooLarge {
        tag,
        size: body.len(),
        cap: u32::MAX as usize,
    })?;
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.push(tag);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(body);
    Ok(bytes)
}

/// Reads one message, and not a byte more than it. `cap` gives the cap in bytes of a type's body,
/// or says why the type is not to be read.
pub(crate) async fn read<R, C>(io: &mut R, cap: C) -> Result<(u8, Vec<u8>), FrameError>
where
    R: AsyncRead + Unpin + Send,
    C: Fn(u8) -> Result<usize, Offence> + Send,
{
    let (tag, size) = read_header(io).await?;
    let cap = cap(tag)?;
    if size > cap {
        return Err(Offence::from(WireError::TooLarge { tag, size, cap }).into());
    }
    let body = read_body(io, size).await?;
    Ok((tag, body))
}

/// Writes a message and flushes it.
pub(crate) async fn write<W>(io: &mut W, frame: &[u8]) -> io::Result<()>
where
    W: AsyncWrite + Unpin + Send,
{
    io.write_all(frame).await?;
    io.flush().await
}

async fn read_body<R>(io: &mut R, size: usize) -> Result<Vec<u8>, FrameError>
where
    R: AsyncRead + Unpin + Send,
{
    let mut body = Vec::new();
    let mut filled = 0;
    while filled < size {
        if filled == body.len() {
            body.resize(size.min(filled + STEP), 0);
        }
        let count = io.read(&mut body[filled..]).await?;
        if count == 0 {
            return Err(Offence::Truncated.into());
        }
        filled += count;
    }
    Ok(body)
}

async fn read_header<R>(io: &mut R) -> Result<(u8, usize), FrameError>
where
    R: AsyncRead + Unpin + Send,
{
    let mut header = [0; HEADER];
    let mut filled = 0;
    while filled < HEADER {
        let count = io.read(&mut header[filled..]).await?;
        if count == 0 && filled == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        if count == 0 {
            return Err(Offence::Truncated.into());
        }
        filled += count;
    }
    let [tag, length @ ..] = header;
    Ok((tag, u32::from_be_bytes(length) as usize))
}
