//! Where the API listens, and what its callers may do.

use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The HTTP section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 lets the system choose. Anything but a loopback address needs a
    /// reverse proxy with TLS in front.
    pub listen: SocketAddr,
    /// Whether browsers reach this node over HTTPS through a proxy: cookies are then marked
    /// `Secure`. With a certificate of its own the node is reached over HTTPS in any case.
    pub tls: bool,
    /// The node's own certificate for browsers and those above it, in PEM; the node then ends TLS
    /// itself. For its own commands it keeps a plain listener on 127.0.0.1.
    pub certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM.
    pub key: Option<PathBuf>,
    /// The origin that browsers use, such as `https://grid.example.cn`; where absent, a request's
    /// `Origin` has to match its `Host`.
    pub origin: Option<String>,
    /// Whether a reverse proxy stands in front and ends `X-Forwarded-For` with the client's
    /// address. Never set it where clients can connect directly.
    pub behind_proxy: bool,
    /// A file with the bearer token that `/metrics` asks for: 16 to 256 visible ASCII characters.
    /// Without it only this machine may read them, and behind a proxy nobody.
    pub metrics_token_file: Option<PathBuf>,
    /// When the roles that policy names as `second_factor` have to show one.
    pub second_factor: SecondFactor,
    /// What people without an account may do.
    pub quota: Quota,
}

/// When a second factor is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    /// Where browsers reach the node over TLS: what can be reached from elsewhere.
    #[default]
    Tls,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Why the file with the token for `/metrics` can't be used.
#[derive(Debug, thiserror::Error)]
pub enum MetricsTokenError {
    /// It can't be read.
    #[error("http.metrics_token_file: {} can't be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It holds something else.
    #[error(
        "http.metrics_token_file: {} must hold 16 to 256 visible ASCII characters: write \
         `openssl rand -hex 32` into it",
        path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
    },
}

/// What people without an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Reports from one address.
    pub reports: Rate,
    /// Reports from everybody.
    pub reports_of_all: Rate,
    /// Looking up and acting by code, from one address.
    pub codes: Rate,
    /// Photos from one address, or of one account of staff.
    pub photos: Rate,
    /// Photos from everybody without an account.
    pub photos_of_all: Rate,
}

/// How often something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How often at once; at least 1.
    pub burst: u32,
    /// How often in an hour thereafter; at least 1.
    pub per_hour: u32,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8480)),
            tls: false,
            certificate: None,
            key: None,
            origin: None,
            behind_proxy: false,
            metrics_token_file: None,
            second_factor: SecondFactor::default(),
            quota: Quota::default(),
        }
    }
}

impl Default for Quota {
    fn default() -> Self {
        let api::Quota { reports, reports_of_all, codes, photos, photos_of_all } =
            api::Quota::default();
        Self {
            reports: reports.into(),
            reports_of_all: reports_of_all.into(),
            codes: codes.into(),
            photos: photos.into(),
            photos_of_all: photos_of_all.into(),
        }
    }
}

impl From<api::Rate> for Rate {
    fn from(rate: api::Rate) -> Self {
        let api::Rate { burst, per_hour } = rate;
        Self { burst, per_hour }
    }
}

impl From<Rate> for api::Rate {
    fn from(rate: Rate) -> Self {
        let Rate { burst, per_hour } = rate;
        Self { burst, per_hour }
    }
}

impl Http {
    /// The API's configuration.
    ///
    /// # Errors
    /// [`MetricsTokenError`].
    pub fn api(&self) -> Result<api::Config, MetricsTokenError> {
        let metrics_token = self.metrics_token_file.as_deref().map(metrics_token).transpose()?;
        let Quota { reports, reports_of_all, codes, photos, photos_of_all } = self.quota;
        let tls = self.tls || self.certificate.is_some();
        Ok(api::Config {
            metrics_token,
            tls,
            second_factor: match self.second_factor {
                SecondFactor::Tls => tls,
                SecondFactor::Always => true,
                SecondFactor::Never => false,
            },
            origin: self.origin.clone(),
            behind_proxy: self.behind_proxy,
            quota: api::Quota {
                reports: reports.into(),
                reports_of_all: reports_of_all.into(),
                codes: codes.into(),
                photos: photos.into(),
                photos_of_all: photos_of_all.into(),
            },
            ..api::Config::default()
        })
    }

    /// The node's own TLS, where it has a certificate.
    ///
    /// # Errors
    /// [`api::TlsError`].
    pub fn own_tls(&self) -> Result<Option<api::Tls>, api::TlsError> {
        let files = self.certificate.as_deref().zip(self.key.as_deref());
        files.map(|(certificate, key)| api::Tls::load(certificate, key)).transpose()
    }

    /// The first key under `http` that can't be used, and what would be right.
    #[must_use]
    pub fn problem(&self) -> Option<(&'static str, &'static str)> {
        let Quota { reports, reports_of_all, codes, photos, photos_of_all } = self.quota;
        let rates = [
            ("http.quota.reports", reports),
            ("http.quota.reports_of_all", reports_of_all),
            ("http.quota.codes", codes),
            ("http.quota.photos", photos),
            ("http.quota.photos_of_all", photos_of_all),
        ];
        let empty = rates.into_iter().find(|(_, rate)| rate.burst == 0 || rate.per_hour == 0);
        let origin = self.origin.as_deref().is_some_and(|origin| !is_origin(origin));
        let half = match (&self.certificate, &self.key) {
            (Some(_), None) => Some(("http.key", "name the file with the certificate's key, too")),
            (None, Some(_)) => {
                Some(("http.certificate", "name the file with the key's certificate, too"))
            }
            (None, None) | (Some(_), Some(_)) => None,
        };
        half.or(empty.map(|(key, _)| (key, "burst and per_hour are at least 1")))
            .or(origin.then_some(("http.origin", "write https://host or https://host:port")))
    }
}

fn metrics_token(path: &Path) -> Result<String, MetricsTokenError> {
    const MOST: u64 = 256;
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MOST + 2).read_to_string(&mut text))
        .map_err(|source| MetricsTokenError::Unreadable { path: path.to_owned(), source })?;
    let token = text.trim_end();
    let fits = (16..=MOST as usize).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(token.to_owned())
    } else {
        Err(MetricsTokenError::Unusable { path: path.to_owned() })
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && !host.contains(['/', '?', '#', '@'])
            && !host.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_without_its_key_is_named_and_with_it_cookies_are_secure() {
        let file = || Some(PathBuf::from("some.pem"));
        let half = Http { certificate: file(), ..Http::default() };
        assert_eq!(half.problem().map(|(key, _)| key), Some("http.key"));
        let half = Http { key: file(), ..Http::default() };
        assert_eq!(half.problem().map(|(key, _)| key), Some("http.certificate"));
        let whole = Http { certificate: file(), key: file(), ..Http::default() };
        assert_eq!(whole.problem(), None);
        assert!(whole.api().unwrap().tls && !Http::default().api().unwrap().tls);
        let (over_tls, plain) = (whole.api().unwrap(), Http::default().api().unwrap());
        assert!(over_tls.second_factor && !plain.second_factor);
        let asks = |second_factor, certificate: Option<PathBuf>| {
            let http = Http { second_factor, certificate, ..Http::default() };
            http.api().unwrap().second_factor
        };
        assert!(asks(SecondFactor::Always, None) && !asks(SecondFactor::Never, file()));
        assert!(Http::default().own_tls().unwrap().is_none());
        assert!(whole.own_tls().unwrap_err().to_string().contains("some.pem"));
    }

    #[test]
    fn a_token_for_metrics_is_read_from_its_file_and_a_poor_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.token");
        let of = |content: &str| {
            std::fs::write(&path, content).unwrap();
            Http { metrics_token_file: Some(path.clone()), ..Http::default() }.api()
        };
        let token = "0123456789abcdef";
        assert_eq!(of(&format!("{token}\n")).unwrap().metrics_token.as_deref(), Some(token));
        for poor in ["", "short", "with a space in it", &"x".repeat(300), "十六个字符也不行的口令"]
        {
            let error = of(poor).err().unwrap().to_string();
            assert!(error.contains(&path.display().to_string()), "{error}");
        }
        let missing =
            Http { metrics_token_file: Some(folder.path().join("no")), ..Http::default() };
        assert!(matches!(missing.api(), Err(MetricsTokenError::Unreadable { .. })));
    }
}
