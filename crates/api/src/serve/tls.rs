//! TLS ended by the node itself, with certificate files of the operator's own.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

/// Certificate and key, ready to be shown to browsers: TLS 1.2 and 1.3. Cheap to clone.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

/// Why certificate and key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file with the certificates.
    #[error("http.certificate: {} holds no certificates in PEM that can be read", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// The file with the key.
    #[error("http.key: {} holds no private key in PEM that can be read", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// They do not go together, or are of a kind that is not supported.
    #[error(
        "http.certificate and http.key can't be used together: the first certificate of the file \
         must be the one of this very key"
    )]
    Unfit(#[source] rustls::Error),
}

impl Tls {
    /// Reads the files: the certificates from the server's own up, and its key (PKCS #8, PKCS #1 or
    /// SEC 1), both in PEM. A renewed certificate is taken in at the next start.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let wrong = |source| TlsError::Certificate { path: certificate.to_owned(), source };
        let chain = CertificateDer::pem_file_iter(certificate).map_err(wrong)?;
        let chain = chain.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        if chain.is_empty() {
            return Err(wrong(pem::Error::NoItemsFound));
        }
        let secret = PrivateKeyDer::from_pem_file(key)
            .map_err(|source| TlsError::Key { path: key.to_owned(), source })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().map_err(TlsError::Unfit)?;
        let config = builder.with_no_client_auth().with_single_cert(chain, secret);
        let mut config = config.map_err(TlsError::Unfit)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Shakes hands.
    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> std::io::Result<TlsStream<S>> {
        self.0.accept(stream).await
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
