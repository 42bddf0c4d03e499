//! The first account of a node: an operator, put on the roster by the node's own console, with a
//! bearer token for programs on this machine.

use std::time::Duration;

use api::password::{self, PasswordError};
use data_encoding::HEXLOWER;
use engine::command::{Refused, What};
use engine::note::{Account, Token};
use engine::store::StoreError;
use governance::policy::{Policy, Power};
use governance::roster::Appointment;
use rand::{Rng as _, RngExt as _};
use zeroize::Zeroizing;

use crate::file::{self, FileError};
use crate::folder::Folder;
use crate::node::now;
use crate::offline::Offline;
use crate::seed::{self, SeedError};

/// How long the token in the data folder is valid. It lies beside the node's own key, so that a
/// shorter time would protect nothing.
const TOKEN_VALIDITY: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Characters of a generated password, without those that look alike: 16 of 31 are 79 bits.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GENERATED: usize = 16;

/// An operator to be.
pub struct Operator {
    /// Login name, `[a-z0-9._-]{1,64}`.
    pub login: String,
    /// Name on the roster.
    pub name: String,
    /// Role of the policy.
    pub role: String,
    /// Password.
    pub password: Zeroizing<String>,
}

/// Why there is no operator.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// Not a login name.
    #[error("--operator {0:?} is no login name: use 1 to 64 of a-z 0-9 . _ -")]
    Login(String),
    /// The policy has no such role, or one without the powers of an operator.
    #[error(
        "--role {role:?} can't run a node under the policy {policy}: it needs the powers territory, \
         roster and federation; such roles are: {fit}"
    )]
    Role {
        /// What was asked for.
        role: String,
        /// The policy's reference.
        policy: String,
        /// Roles that could.
        fit: String,
    },
    /// Not a usable password.
    #[error("the password can't be used")]
    Password(#[from] PasswordError),
    /// The engine refused.
    #[error("the operator's account was refused")]
    Refused(#[from] Refused),
    /// The index can't be read.
    #[error("the accounts can't be read")]
    Store(#[from] StoreError),
    /// The token file can't be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// No randomness.
    #[error(transparent)]
    Seed(#[from] SeedError),
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Installed {
    /// The account is new.
    New,
    /// There was an account of that name; its password is as it was.
    Known,
}

impl Operator {
    /// Checks login name, password and role, before anything is made.
    ///
    /// # Errors
    /// [`OperatorError::Login`], [`OperatorError::Password`], [`OperatorError::Role`].
    pub fn check(&self, policy: &Policy) -> Result<(), OperatorError> {
        let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        if !(1..=64).contains(&self.login.len()) || !self.login.bytes().all(allowed) {
            return Err(OperatorError::Login(self.login.chars().take(64).collect()));
        }
        let (chars, bytes) = (self.password.chars().count(), self.password.len());
        if chars < password::MIN_CHARS {
            return Err(PasswordError::Short(chars).into());
        }
        if bytes > password::MAX_BYTES {
            return Err(PasswordError::Long(bytes).into());
        }
        let needed = [Power::Territory, Power::Roster, Power::Federation];
        let mut fit = policy
            .roles
            .iter()
            .filter(|role| needed.iter().all(|power| role.powers.contains(power)))
            .map(|role| role.key.as_str());
        if fit.clone().any(|key| key == self.role) {
            return Ok(());
        }
        let first = fit.next().unwrap_or("none").to_owned();
        let fit = fit.fold(first, |list, key| format!("{list}, {key}"));
        Err(OperatorError::Role { role: self.role.clone(), policy: policy.reference(), fit })
    }

    /// Puts the operator on the roster, opens the account, and writes the token file. Doing it
    /// again changes nothing but a token file that is missing, or whose token is over.
    ///
    /// # Errors
    /// [`OperatorError`].
    pub fn install(
        &self,
        offline: &mut Offline,
        folder: &Folder,
    ) -> Result<Installed, OperatorError> {
        self.check(offline.opened.engine.world().policy())?;
        let installed = if offline.has_account(&self.login)? {
            Installed::Known
        } else {
            self.open_account(offline)?;
            Installed::New
        };
        if !offline.takes_token(&folder.operator_token())? {
            self.issue_token(offline, folder)?;
        }
        Ok(installed)
    }

    fn open_account(&self, offline: &mut Offline) -> Result<(), OperatorError> {
        let password = password::hash(&self.password)?;
        let registered = offline.command(What::Register {
            person: None,
            name: self.name.clone(),
            phone: None,
        })?;
        let person = registered.subject.ok_or(Refused::NotFound("person"))?;
        let role = self.role.clone();
        let appointment = Appointment { role, scope: None, from: now(), until: None };
        offline.command(What::Appoint { person, appointment })?;
        let name = self.login.clone();
        offline.command(What::PutAccount(Account { name, person, password, enabled: true }))?;
        Ok(())
    }

    fn issue_token(&self, offline: &mut Offline, folder: &Folder) -> Result<(), OperatorError> {
        let mut secret = Zeroizing::new([0; 32]);
        seed::rng()?.fill_bytes(secret.as_mut_slice());
        let token = Token {
            account: self.login.clone(),
            expires: now().plus(TOKEN_VALIDITY),
            label: Some("operator.token".to_owned()),
            strong: true,
        };
        let hash = *blake3::hash(secret.as_slice()).as_bytes();
        offline.command(What::PutToken { hash, token: Some(token) })?;
        // As the API reads a bearer: 32 bytes in lower-case hex.
        let text = Zeroizing::new(HEXLOWER.encode(secret.as_slice()));
        Ok(file::write_bytes(&folder.operator_token(), text.as_bytes())?)
    }
}

/// A password for somebody to write down.
///
/// # Errors
/// When the system has no randomness.
pub fn generate_password() -> Result<Zeroizing<String>, SeedError> {
    let mut rng = seed::rng()?;
    let pick = |_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]);
    Ok(Zeroizing::new((0..GENERATED).map(pick).collect()))
}
