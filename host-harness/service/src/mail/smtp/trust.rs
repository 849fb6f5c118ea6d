//! Whom to trust: the certificates that may sign the mail server's, and what is wrong with one that is refused.

use std::error::Error as StdError;

use lettre::transport::smtp::client::{CertificateStore, TlsParameters};
use rustls::CertificateError;

use super::super::config::{MailConfig, MailProblem, certificates};
use super::super::outcome::{Failure, Passing, Stop};

/// What encryption needs: the name that the certificate has to have, and who may sign it. A file of certificates is
/// trusted alone; without it the machine's certificates are.
pub(super) fn parameters(config: &MailConfig) -> Result<TlsParameters, MailProblem> {
    let mut builder = TlsParameters::builder(config.host().to_owned());
    if let Some(path) = &config.ca {
        builder = builder.certificate_store(CertificateStore::None);
        for certificate in certificates(path)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    let remedy = "name a PEM file with the certificates that sign the mail server's, or repair the machine's own";
    builder.build().map_err(|error| MailProblem::new("ca", format!("encryption cannot begin: {error}"), remedy))
}

/// The failure of encryption that an error tells of; none: it tells of something else.
pub(super) fn failure(error: &(dyn StdError + 'static)) -> Option<Failure> {
    let found = causes(error).find_map(|cause| {
        // An `io::Error` leaves the error that it wraps out of `source`.
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause
            .downcast_ref::<rustls::Error>()
            .or_else(|| wrapped.and_then(|inner| inner.downcast_ref::<rustls::Error>()))
    })?;
    Some(match found {
        rustls::Error::InvalidCertificate(error) => Failure::Stop(Stop::Certificate(in_words(error))),
        _ => Failure::Server(Passing::Encryption),
    })
}

fn in_words(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet",
        CertificateError::UnknownIssuer | CertificateError::BadSignature => "is signed by nobody who is trusted",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "has another name",
        CertificateError::Revoked => "was revoked",
        _ => "cannot be trusted",
    }
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}
