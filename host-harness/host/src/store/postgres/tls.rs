//! TLS to the database: whose certificates are believed, what the URL says about it beyond what the driver reads, and what
//! is wrong with a certificate that is not believed. The name in a certificate is always compared.

use std::borrow::Cow;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::{CertificateError, ClientConfig};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::OpenError;
use crate::door::ExtraRoots;

/// Whose certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// Those that the platform believes.
    Platform,
    /// Those of a file alone.
    File(ExtraRoots),
}

/// Takes out of a URL what PostgreSQL's own programs understand there and the driver does not: `sslrootcert`, and the two
/// words of `sslmode` that ask for less than what is always done once there is TLS.
pub(super) fn read(url: &str) -> Result<(Cow<'_, str>, Option<Roots>), OpenError> {
    let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
    // A password may hold a question mark.
    let host_at = url.rfind('@').unwrap_or(0);
    let Some(at) = url.get(host_at..).and_then(|rest| rest.find('?')).filter(|_| is_url) else {
        return Ok((url.into(), None));
    };
    let (base, parameters) = url.split_at(host_at + at);
    let (mut roots, mut others) = (None, Vec::new());
    for parameter in parameters.trim_start_matches('?').split('&') {
        match parameter.split_once('=') {
            Some(("sslrootcert", file)) => roots = Some(roots_of(file)?),
            Some(("sslmode", "verify-ca" | "verify-full")) => others.push("sslmode=require"),
            _ => others.push(parameter),
        }
    }
    let others = others.join("&");
    let rest = if others.is_empty() { base.to_owned() } else { format!("{base}?{others}") };
    Ok((rest.into(), roots))
}

fn roots_of(file: &str) -> Result<Roots, OpenError> {
    let file = percent_decode_str(file).decode_utf8().map_err(|_| OpenError::Url)?;
    if file == "system" {
        return Ok(Roots::Platform);
    }
    let path = Path::new(file.as_ref());
    if !path.is_absolute() {
        return Err(OpenError::RootsAt);
    }
    Ok(Roots::File(ExtraRoots::read(path)?))
}

pub(super) fn client_config(roots: &Roots) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match roots {
        Roots::Platform => builder.with_platform_verifier()?,
        Roots::File(roots) => builder.with_root_certificates(roots.alone()),
    };
    Ok(builder.with_no_client_auth())
}

/// Why a connection was not made because of TLS, and what to do; none: because of something else.
pub(super) fn refusal(error: &tokio_postgres::Error) -> Option<String> {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(found) = cause {
        let io = found.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(tls) = io.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(words(tls));
        }
        // The driver's own sentence, which has no type.
        if found.to_string() == "server does not support TLS" {
            return Some(
                "the server offers no TLS; set `ssl = on` there, or write sslmode=disable in the URL if nobody can \
                 listen on the way"
                    .to_owned(),
            );
        }
        cause = found.source();
    }
    None
}

fn words(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(error) = error else {
        return format!("TLS fails: {error}; see which versions of TLS the server speaks");
    };
    let what = match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for another name; write the name that it is for as the host of the URL, or have it made for this one"
        }
        // An authority of the same name with another key signs what cannot be verified.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "is signed by nobody who is trusted; name the file with its authority's certificate as sslrootcert in the URL"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "has expired; renew it, unless this machine's clock is wrong"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet; set this machine's clock right, or have the certificate made anew"
        }
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "is signed by itself; have one made that an authority signs"
        }
        other => return format!("the server's certificate cannot be used: {other}; have another one made"),
    };
    format!("the server's certificate {what}")
}
