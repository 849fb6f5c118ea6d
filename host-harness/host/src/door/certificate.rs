//! Whose certificates the door believes, and what is wrong with one that it does not. The roots are those of the
//! platform and, if the operator names a file, those of this file. Not here: connections (`connections`).

use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::denial::shown;

/// Certificates of authorities that the door believes beside those of the platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraRoots(Vec<CertificateDer<'static>>);

/// A file of certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("read the file of extra certificates: {0}; name a file of one or more certificates as PEM")]
pub struct ExtraRootsError(String);

impl ExtraRoots {
    /// Reads a file with one or more certificates as PEM.
    ///
    /// # Errors
    /// The file cannot be read, or holds no certificate that can be an authority's.
    pub fn read(file: &Path) -> Result<Self, ExtraRootsError> {
        let pem = std::fs::read(file).map_err(|error| ExtraRootsError(error.to_string()))?;
        Self::parse(&pem)
    }

    /// Reads certificates from the text of such a file.
    ///
    /// # Errors
    /// As [`ExtraRoots::read`].
    pub fn parse(pem: &[u8]) -> Result<Self, ExtraRootsError> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = certificates.map_err(|error| ExtraRootsError(error.to_string()))?;
        if certificates.is_empty() {
            return Err(ExtraRootsError("it holds no certificate".to_owned()));
        }
        for certificate in &certificates {
            let fits = RootCertStore::empty().add(certificate.clone());
            fits.map_err(|error| ExtraRootsError(error.to_string()))?;
        }
        Ok(Self(certificates))
    }

    /// These certificates alone, for who believes nobody else.
    #[cfg(feature = "postgres")]
    pub(crate) fn alone(&self) -> RootCertStore {
        let mut store = RootCertStore::empty();
        // All of them fit, or they had not been read.
        store.add_parsable_certificates(self.0.iter().cloned());
        store
    }
}

/// TLS as the door speaks it.
///
/// The provider is named, because a program that embeds the host may have brought other providers into the process.
pub(super) fn tls(extra: &ExtraRoots) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra.0.iter().cloned(), Arc::clone(&provider))?;
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    // The name is rustls's: it stands for every verifier but rustls's own, and the platform's is as strict.
    Ok(versions.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// What is wrong with the certificate of `host`, and who mends it.
pub(super) fn what_is_wrong(error: &CertificateError, host: &str) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => format!(
            "the certificate of {host} expired at {}; CourseKey has to renew it, unless this machine's clock is wrong",
            told(*not_after)
        ),
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "the certificate of {host} is not valid before {}; set this machine's clock right, or tell CourseKey",
            told(*not_before)
        ),
        CertificateError::NotValidForNameContext { presented, .. } => format!(
            "the certificate is not for {host} but for {}; correct coursekey-url in School Settings, or tell CourseKey",
            if presented.is_empty() { "no name".to_owned() } else { shown(&names(presented)) }
        ),
        CertificateError::UnknownIssuer => format!(
            "nobody whom this machine trusts has signed the certificate of {host}; if its authority is to be trusted, \
             add its certificate to the file that `ca` under [coursekey] names, or to the machine's certificates"
        ),
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => format!(
            "{host} signed its certificate itself; it needs one by an authority that this machine trusts, such as those \
             of the file that `ca` under [coursekey] names"
        ),
        other => format!("the certificate of {host} cannot be used: {}; tell CourseKey", shown(&other.to_string())),
    }
}

/// rustls writes a name as `DnsName("api.example.com")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
    presented.iter().map(bare).collect::<Vec<_>>().join(", ")
}

fn told(moment: UnixTime) -> String {
    let seconds = i64::try_from(moment.as_secs()).ok();
    let moment = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    moment.map_or_else(|| "a time out of reach".to_owned(), |moment| moment.to_string())
}
