//! The photo that comes with some reports, drawn in code: what whoever reports saw.

use photo::sample;
use serde_json::{Value, json};

use super::DayError;
use super::walk::Walk;
use crate::client::Ask;
use crate::errands::Errand;

/// Of so many reports that stay in the community, one has a photo; every one that leaves it has.
const EVERY: usize = 8;
/// Where a form's parts end; no photo holds it.
const BOUNDARY: &str = "wangge-demo-form-part";

/// A photo as it is sent, and what has to be kept of it.
pub(super) struct Snapshot {
    sent: Vec<u8>,
    /// blake3 of the photo as the node writes it anew.
    pub(super) hash: String,
}

impl Snapshot {
    /// The photo of an errand, if it has one.
    pub(super) fn of(errand: &Errand, serial: usize) -> Option<Self> {
        if !errand.climbs() && !errand.number.is_multiple_of(EVERY) {
            return None;
        }
        let sent = sample::draw(serial as u64, 320, 240);
        let kept = photo::rewrite(&sent).ok()?;
        Some(Self { sent, hash: blake3::hash(&kept).to_hex().to_string() })
    }
}

impl Walk<'_> {
    /// The request that reports a matter as staff, after its photo was uploaded.
    pub(super) async fn report_of_staff(
        &self,
        mut matter: Value,
        snapshot: Option<&Snapshot>,
        login: &str,
    ) -> Result<Ask, DayError> {
        let seat = self.errand.community;
        if let Some(Snapshot { sent, .. }) = snapshot {
            let ask = Ask::send("/v1/photos", "image/jpeg", sent.clone());
            let kept = self.scene.federation.client(seat).json(ask.by(&self.token(seat, login)));
            let mut photo = kept.await.map_err(|source| self.failed("photo", "", source))?;
            photo["moment"] = json!("before");
            matter["photos"] = json!([photo]);
        }
        Ok(Ask::post("/v1/cases", matter).by(&self.token(seat, login)))
    }

    /// The request that reports a matter as a resident: JSON, or with a photo the form that a page
    /// sends without any script.
    pub(super) fn report_of_resident(&self, matter: Value, snapshot: Option<&Snapshot>) -> Ask {
        let Some(Snapshot { sent, .. }) = snapshot else { return Ask::post("/v1/reports", matter) };
        let mut body = Vec::new();
        for (name, value) in matter.as_object().into_iter().flatten() {
            let text = match value {
                Value::Array(sides) => {
                    sides.iter().map(Value::to_string).collect::<Vec<_>>().join(",")
                }
                Value::String(text) => text.clone(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                    value.to_string()
                }
            };
            part(&mut body, &format!("name=\"{name}\""), text.as_bytes());
        }
        part(&mut body, "name=\"photo\"; filename=\"IMG_0001.jpg\"", sent);
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        Ask::send("/v1/reports", &format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }
}

fn part(body: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {name}\r\n\r\n");
    body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
}
