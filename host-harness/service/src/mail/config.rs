//! The `[mail]` table of the configuration: its keys, their defaults, and what is wrong with their values. The caller
//! adds the file and the line. Not here: the password, which is no part of any table.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use lettre::transport::smtp::client::Certificate;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;

use super::letter::Sender;

/// The way by which mails leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Through a mail server.
    Smtp,
    /// Into a folder, as `.eml` files.
    Folder,
    /// Nowhere: mails are taken and counted.
    #[default]
    None,
}

/// How the way to the mail server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// The connection begins in clear and is encrypted before anything is sent. A server that does not offer this gets
    /// no mail.
    #[default]
    Starttls,
    /// The connection is encrypted from its beginning.
    Tls,
    /// Nothing is encrypted; for a server on this machine only.
    None,
}

/// The `[mail]` table. `Debug` prints neither user nor sender, because both are addresses of people.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MailConfig {
    /// The way by which mails leave.
    pub transport: Way,
    /// The name or address of the mail server.
    pub host: Option<String>,
    /// The port of the mail server; without it 587 for STARTTLS, 465 for TLS, 25 for none.
    pub port: Option<u16>,
    /// How the way to the mail server is encrypted.
    #[serde(default)]
    pub tls: TlsMode,
    /// The user that authenticates; without a user nobody does.
    pub user: Option<String>,
    /// The sender, such as `GEGI <gegi@example.edu>`. Its domain is the domain of the message ids.
    pub from: Option<String>,
    /// A file of PEM certificates that sign the mail server's; without it the machine's own certificates count.
    pub ca: Option<PathBuf>,
    /// The folder of `transport = "folder"`.
    pub folder: Option<PathBuf>,
}

impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transport, host, port, tls, user: _, from: _, ca, folder } = self;
        let mut shown = f.debug_struct("MailConfig");
        shown.field("transport", transport).field("host", host).field("port", port).field("tls", tls);
        shown.field("ca", ca).field("folder", folder).finish_non_exhaustive()
    }
}

/// What is wrong with a key of the `[mail]` table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mail.{key}: {what}; {remedy}")]
pub struct MailProblem {
    /// The key in the table.
    pub key: &'static str,
    /// What is wrong, in words that follow the key.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl MailProblem {
    pub(super) fn new(key: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { key, what: what.into(), remedy: remedy.into() }
    }
}

impl MailConfig {
    /// Whether the transport authenticates, so that it needs a password.
    pub fn needs_password(&self) -> bool {
        self.transport == Way::Smtp && self.user.is_some()
    }

    /// The port of the mail server.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            TlsMode::Starttls => 587,
            TlsMode::Tls => 465,
            TlsMode::None => 25,
        })
    }

    /// Everything that is wrong with the table, in the order of its keys. Reads the file of `ca`.
    pub fn check(&self) -> Vec<MailProblem> {
        let mut problems = Vec::new();
        match self.transport {
            Way::Smtp => problems.extend(self.check_smtp()),
            Way::Folder if self.folder.as_ref().is_none_or(|folder| folder.as_os_str().is_empty()) => {
                problems.push(MailProblem::new("folder", "it is missing", "name the folder for the .eml files"));
            }
            Way::Folder | Way::None => {}
        }
        if self.transport != Way::None {
            problems.extend(self.sender().err());
        }
        problems
    }

    fn check_smtp(&self) -> Vec<MailProblem> {
        let mut problems = Vec::new();
        let host = self.host.as_deref().unwrap_or_default();
        if host.is_empty() {
            problems.push(MailProblem::new("host", "it is missing", "name the mail server, such as mail.example.edu"));
        } else if !is_host(host) {
            problems.push(MailProblem::new(
                "host",
                "it is no name or address of a machine",
                "write a name such as mail.example.edu, without port or scheme",
            ));
        } else if self.tls == TlsMode::None && !is_loopback(host) {
            problems.push(MailProblem::new(
                "tls",
                "\"none\" would show mails and the password to the network",
                "use \"starttls\" or \"tls\"; \"none\" is for a server on this machine",
            ));
        }
        if self.port == Some(0) {
            problems.push(MailProblem::new("port", "0 is no port", "use 587 for starttls, 465 for tls"));
        }
        if self.user.as_deref().is_some_and(|user| user.trim().is_empty()) {
            problems.push(MailProblem::new("user", "it is empty", "name the user, or leave the key out"));
        }
        match &self.ca {
            Some(_) if self.tls == TlsMode::None => {
                problems.push(MailProblem::new("ca", "nothing is encrypted", "set tls, or leave ca out"));
            }
            Some(path) => problems.extend(certificates(path).err()),
            None => {}
        }
        problems
    }

    /// The sender.
    ///
    /// # Errors
    /// `from` is missing or no address.
    pub fn sender(&self) -> Result<Sender, MailProblem> {
        const REMEDY: &str = "write an address such as GEGI <gegi@example.edu>";
        let from = self.from.as_deref().ok_or_else(|| MailProblem::new("from", "it is missing", REMEDY))?;
        Sender::parse(from).map_err(|error| MailProblem::new("from", error.to_string(), REMEDY))
    }

    pub(super) fn host(&self) -> &str {
        self.host.as_deref().unwrap_or_default()
    }
}

/// The certificates in a file, of which there is at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<Certificate>, MailProblem> {
    let remedy = "name a PEM file with the certificates that sign the mail server's";
    let pem =
        std::fs::read(path).map_err(|error| MailProblem::new("ca", format!("cannot read it: {error}"), remedy))?;
    let bad = || MailProblem::new("ca", "it holds no certificate that can be read", remedy);
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|_| bad())?;
    let parsed: Result<Vec<_>, _> = found.iter().map(|der| Certificate::from_der(der.to_vec())).collect();
    parsed.ok().filter(|parsed| !parsed.is_empty()).ok_or_else(bad)
}

/// Whether a text is the name or the address of a machine.
fn is_host(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
        || (host.len() <= 253
            && host.split('.').all(|label| {
                !label.is_empty() && label.len() <= 63 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            }))
}

/// Whether a host is this machine by its name or address. What the name really stands for is looked at again when the
/// transport dials.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
