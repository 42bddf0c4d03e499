//! Asking the node that runs on this machine, over its own API.

use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::file::{self, FileError};
use crate::folder::Folder;
use crate::summary::Summary;

/// Largest answer, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Largest token file, in bytes.
const MAX_TOKEN: usize = 1024;
/// Largest file that is fetched, in bytes.
const MAX_FETCHED: usize = 256 * 1024 * 1024;
const WITHIN: Duration = Duration::from_secs(30);
/// How long a file may take: as long as the node may.
const WITHIN_FOR_FILES: Duration = Duration::from_secs(1_000);

/// The running node of a data folder.
pub struct Local {
    summary: Summary,
    token: Zeroizing<String>,
}

/// Why it can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// No node runs on the folder.
    #[error("no node runs on {folder}: start it with `wangge serve`")]
    NotRunning {
        /// The data folder.
        folder: std::path::PathBuf,
    },
    /// `running.json` can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// No token.
    #[error(
        "{path} can't be read: it is to hold a token; the operator's is for the user who made the \
         data folder; where it is gone, as after a restore, stop the node and run `wangge operator \
         --operator LOGIN`, which writes another"
    )]
    Token {
        /// The file.
        path: std::path::PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The connection failed.
    #[error("the node at {url} does not answer: is it still running? (see its log)")]
    Connection {
        /// Its URL.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The node refused.
    #[error("the node refused with status {status}: {why}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The problem's title and detail (RFC 9457), in English.
        why: String,
        /// The same in Chinese, as far as the node says it.
        title: String,
    },
    /// The answer is not JSON.
    #[error("the node's answer is not json: is another program listening at its port?")]
    Answer(#[source] serde_json::Error),
}

impl Local {
    /// Finds the running node of a folder, and the operator's token.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn find(folder: &Folder) -> Result<Self, LocalError> {
        let summary: Option<Summary> = file::read(&folder.running())?;
        let summary =
            summary.ok_or_else(|| LocalError::NotRunning { folder: folder.path().into() })?;
        Ok(Self { summary, token: token(&folder.operator_token())? })
    }

    /// The same, as whoever the token in a file belongs to.
    ///
    /// # Errors
    /// [`LocalError::Token`].
    pub fn with_token(self, path: &Path) -> Result<Self, LocalError> {
        Ok(Self { token: token(path)?, ..self })
    }

    /// The node's own words on where it is.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Reads a resource, such as `/v1/peers`.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn get(&self, path: &str) -> Result<Value, LocalError> {
        self.ask(Method::GET, path, None).await
    }

    /// Posts JSON to a resource.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, LocalError> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Posts JSON with a file in it, which may take its time.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn send(&self, path: &str, body: &Value) -> Result<Value, LocalError> {
        let limits = Limits { within: WITHIN_FOR_FILES, answer: MAX_ANSWER };
        let bytes = self.ask_within(Method::POST, path, Some(body), limits).await?;
        serde_json::from_slice(&bytes).map_err(LocalError::Answer)
    }

    /// Posts JSON, and gets a file.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn fetch(&self, path: &str, body: &Value) -> Result<Bytes, LocalError> {
        let limits = Limits { within: WITHIN_FOR_FILES, answer: MAX_FETCHED };
        self.ask_within(Method::POST, path, Some(body), limits).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, LocalError> {
        let limits = Limits { within: WITHIN, answer: MAX_ANSWER };
        let bytes = self.ask_within(method, path, body, limits).await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(LocalError::Answer)
    }

    async fn ask_within(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        Limits { within, answer }: Limits,
    ) -> Result<Bytes, LocalError> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let exchange = self.exchange(method, path, body, answer);
        let answer = match tokio::time::timeout(within, exchange).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(elapsed.into()),
        };
        let (status, bytes) = answer
            .map_err(|source| LocalError::Connection { url: self.summary.url.clone(), source })?;
        if !status.is_success() {
            let (title, why) = problem(&bytes);
            return Err(LocalError::Refused { status: status.as_u16(), why, title });
        }
        Ok(bytes)
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: String,
        most: usize,
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let url = self.summary.local.as_ref().unwrap_or(&self.summary.url);
        let host = url.strip_prefix("http://").unwrap_or(url);
        let stream = TcpStream::connect(host).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, host)
            .header(header::AUTHORIZATION, format!("Bearer {}", *self.token))
            .header(header::ACCEPT, "application/json, */*")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), most).collect().await?;
        connection.abort();
        Ok((status, body.to_bytes()))
    }
}

/// How long an answer may take, and how many bytes it may have.
struct Limits {
    within: Duration,
    answer: usize,
}

fn token(path: &Path) -> Result<Zeroizing<String>, LocalError> {
    let read = std::fs::read(path).and_then(|bytes| {
        let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_TOKEN);
        text.ok_or_else(|| std::io::Error::other("it is not a token"))
    });
    let token = read.map_err(|source| LocalError::Token { path: path.into(), source })?;
    Ok(Zeroizing::new(token.trim().to_owned()))
}

/// Title, detail and faults of a problem document (RFC 9457), in Chinese and in English.
fn problem(bytes: &[u8]) -> (String, String) {
    let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let part =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut said: Vec<String> =
        ["title_en", "detail"].into_iter().filter_map(|name| part(&document, name)).collect();
    let mut title = part(&document, "title").unwrap_or_else(|| "没有说明原因".to_owned());
    let faults = document.get("errors").and_then(Value::as_array);
    for fault in faults.into_iter().flatten() {
        let path = part(fault, "path").unwrap_or_default();
        let path = path.strip_prefix("body.").unwrap_or(&path).to_owned();
        title.push_str(&format!("（{path}）"));
        said.push(format!("{path} {}", part(fault, "message").unwrap_or_default()));
    }
    let why = if said.is_empty() { "it gave no reason".to_owned() } else { said.join("; ") };
    (title, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_nodes_own_words() {
        let document = r#"{"type": "x", "title": "有一项不可用", "title_en": "a field is wrong",
            "errors": [{"path": "body.area", "message": "must lie within 341021"}]}"#;
        let (zh, en) = problem(document.as_bytes());
        assert_eq!(zh, "有一项不可用（area）");
        assert_eq!(en, "a field is wrong; area must lie within 341021");
        assert_eq!(problem(b"<html>").1, "it gave no reason");
    }
}
