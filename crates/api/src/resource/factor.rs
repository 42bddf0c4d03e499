//! One's second factor: offered, set up by a first code, and taken away by another officer.

use axum::Json;
use data_encoding::BASE32_NOPAD;
use engine::command::{Enrolment, Receipt, What};
use engine::factor::{self, ALPHABET, DIGITS, PERIOD, RECOVERY, RECOVERY_CHARS, SECRET};
use serde::{Deserialize, Serialize};

use super::accounts::is_name;
use super::sessions::{proven, try_again, try_code};
use crate::body::{Body, Empty};
use crate::desk::Desk;
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::session::random;

/// A new secret, which nobody has taken yet: it is kept nowhere until a code of it comes back.
#[derive(Serialize)]
pub(crate) struct Offer {
    /// In base32 (RFC 4648), as apps take it when typed.
    secret: String,
    /// The same as apps read it from a QR code.
    uri: String,
}

/// What is set up. Not printable.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrol {
    secret: String,
    /// The code that the app shows.
    code: String,
    password: String,
    /// A code of the factor that there is already.
    #[serde(default)]
    current: Option<String>,
}

/// Codes for whoever loses the app; shown once.
#[derive(Serialize)]
pub(crate) struct Enrolled {
    recovery: Vec<String>,
}

/// `POST /v1/me/factor/offer`
pub(crate) async fn offer(desk: Desk, _: Empty) -> Result<Json<Offer>, Problem> {
    let session = desk.session()?;
    let secret = BASE32_NOPAD.encode(&random()[..SECRET]);
    let name = desk.state.handle.setup().standing.certificate().name.clone();
    let plain = |text: &str| -> String {
        form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    };
    let (issuer, account) = (plain(&format!("网格 {name}")), plain(&session.account));
    let uri = format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1\
         &digits={DIGITS}&period={PERIOD}"
    );
    std::future::ready(Ok(Json(Offer { secret, uri }))).await
}

/// `PUT /v1/me/factor`: with the password, and with a code of the factor that it replaces. Ends
/// every other session of the account, and every token made without one.
pub(crate) async fn enrol(desk: Desk, body: Body<Enrol>) -> Result<Json<Enrolled>, Problem> {
    let Enrol { secret, code, password, current } = body.value;
    let session = desk.session()?.clone();
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).ok();
    let secret = secret.and_then(|secret| <[u8; SECRET]>::try_from(secret).ok());
    let Some(secret) = secret else {
        return Err(Problem::at(Kind::FIELD, "body.secret", "is not one that was offered"));
    };
    try_again(&desk, &session.account)?;
    try_code(&desk, &session.account)?;
    let account = proven(&desk, session.account, password).await?;
    let codes: Vec<String> = (0..RECOVERY).map(|_| recovery_code()).collect();
    let recovery =
        codes.iter().map(|code| factor::recovery_hash(&account.name, &code.replace('-', "")));
    let (name, recovery) = (account.name.clone(), recovery.collect());
    let enrolment =
        Enrolment { account: name, secret, code, current, recovery, session: session.hash };
    let what = What::EnrolFactor(Box::new(enrolment));
    desk.command_by(desk.staff()?, what, None).await?;
    desk.state.backoff.succeeded(&account.name, desk.address());
    desk.state.backoff.code_succeeded(&account.name);
    Ok(Json(Enrolled { recovery: codes }))
}

/// `DELETE /v1/accounts/{name}/factor`: somebody else's, who has lost it; on record.
pub(crate) async fn reset(desk: Desk, path: Path, _: Empty) -> Result<Json<Receipt>, Problem> {
    let name = path.text("name")?.to_owned();
    if !is_name(&name) {
        return Err(Problem::not_found());
    }
    desk.command_by(desk.staff()?, What::ResetFactor { name }, None).await.map(Json)
}

/// A random code in groups of four.
fn recovery_code() -> String {
    let mut code = String::new();
    // A byte that would make some characters likelier than others is drawn again.
    let fair = u8::try_from(256 / ALPHABET.len() * ALPHABET.len() - 1).unwrap_or(u8::MAX);
    let mut drawn = 0;
    while drawn < RECOVERY_CHARS {
        for byte in random().into_iter().filter(|byte| *byte <= fair) {
            if drawn == RECOVERY_CHARS {
                break;
            }
            if drawn > 0 && drawn.is_multiple_of(4) {
                code.push('-');
            }
            code.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            drawn += 1;
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_read_as_it_is_shown_and_no_two_are_the_same() {
        let codes: std::collections::BTreeSet<_> = (0..100).map(|_| recovery_code()).collect();
        assert_eq!(codes.len(), 100);
        for code in codes {
            let hash = factor::recovery_hash("a", &code.replace('-', ""));
            assert!(factor::read("a", &code) == Some(factor::Shown::Recovery(hash)), "{code}");
        }
    }
}
