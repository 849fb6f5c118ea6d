//! The form in which a written mail leaves: RFC 5322 with a text part and an HTML part. The same delivery gives the
//! same bytes.

use std::path::Path;
use std::time::{Duration, SystemTime};

use lettre::address::AddressError;
use lettre::message::{Mailbox, MultiPart, SinglePart, header};
use sha2::{Digest, Sha256};

use super::template::Rendered;
use crate::private;

/// The domain of message ids and of the sender's address, until the school has a domain of its own.
const DOMAIN: &str = "gegi.example";

/// The data that tells a mail from all others and stays the same when the mail is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailIdentity<'a> {
    /// The delivery's stable id.
    pub id: &'a str,
    /// When the mail was delivered, whole seconds since 1970.
    pub at: i64,
    /// The recipient: one e-mail address.
    pub recipient: &'a str,
}

/// Why a mail has no bytes.
#[derive(Debug, thiserror::Error)]
pub enum EmlError {
    /// An address is no e-mail address.
    #[error("address an e-mail: {0}; correct the address in School Settings")]
    Address(#[from] AddressError),
    /// The message breaks a rule of the form.
    #[error("put an e-mail together: {0}")]
    Form(#[from] lettre::error::Error),
    /// The folder cannot be written.
    #[error("write an e-mail to its folder: {0}")]
    Folder(#[from] std::io::Error),
}

/// The bytes of the mail. Message-ID, boundary and date are computed from the identity alone.
///
/// # Errors
/// The recipient is no e-mail address.
pub fn to_eml(identity: MailIdentity<'_>, mail: &Rendered) -> Result<Vec<u8>, EmlError> {
    let token = token_of(identity.id);
    let parts = MultiPart::alternative()
        .boundary(format!("part-{token}"))
        .singlepart(SinglePart::plain(mail.text.clone()))
        .singlepart(SinglePart::html(mail.html.clone()));
    let message = lettre::Message::builder()
        .from(Mailbox::new(Some("GEGI".to_owned()), format!("no-reply@{DOMAIN}").parse()?))
        .to(Mailbox::new(None, identity.recipient.parse()?))
        .subject(mail.subject.clone())
        .message_id(Some(format!("<{token}@{DOMAIN}>")))
        .header(header::Date::new(SystemTime::UNIX_EPOCH + Duration::from_secs(identity.at.max(0).unsigned_abs())))
        .multipart(parts)?;
    Ok(message.formatted())
}

/// Writes mails as `001.eml`, `002.eml`, … into a folder, which is created.
///
/// # Errors
/// The folder cannot be written.
pub fn write_folder(folder: &Path, mails: &[Vec<u8>]) -> Result<(), EmlError> {
    private::create_folder(folder)?;
    for (number, bytes) in (1..).zip(mails) {
        private::write(&folder.join(format!("{number:03}.eml")), bytes)?;
    }
    Ok(())
}

/// A short name made from the id, with characters that may stand in headers.
fn token_of(id: &str) -> String {
    let digest = Sha256::digest(id.as_bytes());
    let number = digest.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("{number:032x}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::needless_raw_string_hashes)]

    use expect_test::expect;

    use super::*;

    fn mail() -> Rendered {
        Rendered {
            subject: "Prüfung: 1 issue".to_owned(),
            text: "A line.\n".to_owned(),
            html: "<p>A line.</p>\n".to_owned(),
        }
    }

    #[test]
    fn a_mail_is_the_same_bytes_every_time() {
        let identity = MailIdentity { id: "school/7", at: 1_693_213_200, recipient: "errors@example.edu" };
        let bytes = to_eml(identity, &mail()).unwrap();
        assert_eq!(bytes, to_eml(identity, &mail()).unwrap());
        expect![[r#"
            From: GEGI <no-reply@gegi.example>
            To: errors@example.edu
            Subject: =?utf-8?b?UHLDvGZ1bmc6?= 1 issue
            Message-ID: <ce9d05f1ed688bdfbe5e6bf4307e4feb@gegi.example>
            Date: Mon, 28 Aug 2023 09:00:00 +0000
            MIME-Version: 1.0
            Content-Type: multipart/alternative;
             boundary="part-ce9d05f1ed688bdfbe5e6bf4307e4feb"

            --part-ce9d05f1ed688bdfbe5e6bf4307e4feb
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: 7bit

            A line.

            --part-ce9d05f1ed688bdfbe5e6bf4307e4feb
            Content-Type: text/html; charset=utf-8
            Content-Transfer-Encoding: 7bit

            <p>A line.</p>

            --part-ce9d05f1ed688bdfbe5e6bf4307e4feb--
        "#]]
        .assert_eq(&String::from_utf8(bytes).unwrap().replace('\r', ""));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let identity = MailIdentity { id: "school/7", at: 0, recipient: "not an address" };
        expect!["address an e-mail: Missing domain or user; correct the address in School Settings"]
            .assert_eq(&to_eml(identity, &mail()).unwrap_err().to_string());
    }

    #[test]
    fn mails_are_numbered_in_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mails = folder.path().join("mails");
        write_folder(&mails, &[b"one".to_vec(), b"two".to_vec()]).unwrap();
        assert_eq!(std::fs::read(mails.join("002.eml")).unwrap(), b"two");
    }
}
