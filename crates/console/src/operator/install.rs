//! Revocation lists and renewed certificates that come by hand, as on removable media, where the
//! line to whoever issued them is down. The files are those that `wangge root` writes.

use axum::response::Response;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::json;

use super::peers;
use crate::api::Ask;
use crate::form::Form;
use crate::page::{go, show_as};
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Largest of these files, in bytes; a list has some hundred for each certificate.
const MOST: usize = 128 * 1024;

/// `POST /operator/peers/install`
pub(super) async fn install(staff: Staff, form: Form) -> Result<Response, Trouble> {
    let file = form.files("file").next().filter(|file| file.len() <= MOST);
    let installed = match file.map(|file| ask(file)) {
        Some(ask) => staff.carry_out(ask).await.map(|_| ()),
        None => Err(Trouble::malformed()),
    };
    match installed {
        Ok(()) => Ok(go("/operator/peers?installed=1")),
        Err(trouble) if trouble.is_mendable() || trouble.code == "malformed" => {
            let faults = trouble.faults.iter().map(|fault| format!(" {}", fault.message));
            let title = trouble.title(&staff.page("operator"));
            let wrong = format!("{title}{}", faults.collect::<String>());
            Ok(show_as(trouble.status, peers::page(&staff, Some(wrong), false).await?))
        }
        Err(trouble) => Err(trouble),
    }
}

/// What a file asks for: certificates are lines of base64, a list is none.
fn ask(file: &[u8]) -> Ask {
    let text = std::str::from_utf8(file).unwrap_or_default().trim();
    let links: Option<Vec<String>> = text
        .lines()
        .map(|line| BASE64.decode(line.trim().as_bytes()).ok().map(|link| HEXLOWER.encode(&link)))
        .collect();
    match links.filter(|links| !links.is_empty()) {
        Some(chain) => Ask::post("/v1/certificates", &json!({ "chain": chain })),
        None => Ask::post("/v1/revocation-lists", &json!({ "list": HEXLOWER.encode(file) })),
    }
}
