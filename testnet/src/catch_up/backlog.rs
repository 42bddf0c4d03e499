//! What waits for a street: cases that its community reported, accepted and escalated while the
//! street was away, over HTTP like anybody's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Ask, Client, ClientError};
use crate::intake::{Forms, IntakeError};

/// Connections on which the backlog is made.
const CONNECTIONS: usize = 64;
/// Records of a case that is escalated: the report, its acceptance and the offer.
pub(super) const RECORDS: u64 = 3;

/// Makes so many cases and escalates them, in the name of the dispatcher with this token.
///
/// # Errors
/// [`IntakeError`].
pub(super) async fn make(
    client: &Arc<Client>,
    forms: &Arc<Forms>,
    token: &str,
    cases: u64,
) -> Result<(), IntakeError> {
    let next = Arc::new(AtomicU64::new(0));
    let mut open = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, forms, next) = (client.clone(), forms.clone(), next.clone());
        let token = token.to_owned();
        open.spawn(async move {
            loop {
                let number = next.fetch_add(1, Relaxed);
                if number >= cases {
                    return Ok::<_, ClientError>(());
                }
                escalate(&client, forms.ask(number), &token).await?;
            }
        });
    }
    while let Some(done) = open.join_next().await {
        done??;
    }
    Ok(())
}

async fn escalate(client: &Client, report: Ask, token: &str) -> Result<(), ClientError> {
    let answer = client.json(report).await?;
    let id = answer.get("id").and_then(Value::as_str).unwrap_or_default();
    let acts = [
        json!({ "act": "accept" }),
        json!({ "act": "escalate", "reason": "需街道协调处理（演示数据）" }),
    ];
    for act in acts {
        client.json(Ask::post(format!("/v1/cases/{id}/acts"), act).by(token)).await?;
    }
    Ok(())
}
