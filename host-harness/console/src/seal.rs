//! Sessions without a store: a cookie says who looks and until when, under a seal that only this service can make. The seal
//! is over the hash of the token with which the session began, so that a token that is replaced ends its sessions.

use std::sync::Arc;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, Mac};
use secrecy::ExposeSecret;
use service::api::{Caller, Whose};
use service::secrets::{TokenHash, new_token};
use service::service::Service;
use sha2::Sha256;

/// How long a session lasts, in seconds.
const LASTS: i64 = 12 * 3_600;
/// The fewest characters of a key that an operator lays into the folder of secrets.
const KEY_LENGTH: usize = 32;

/// Makes seals and checks them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Seal(Arc<Vec<u8>>);

/// A session that its seal vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// The operator, or a school.
    pub(crate) caller: Caller,
    /// The hash of the token with which it began, as text.
    token: String,
    /// Its last moment, whole seconds since 1970.
    until: i64,
}

impl Seal {
    /// The seal of the operator's key, which several processes share; or one of this process, whose sessions end with it.
    pub(crate) fn new(service: &Service) -> Self {
        let laid = service.schools().secrets().session_key().ok().flatten();
        let laid = laid.map(|key| key.expose_secret().as_bytes().to_vec()).filter(|key| key.len() >= KEY_LENGTH);
        // Without randomness there is no token either, and nobody could enter.
        let key = laid.unwrap_or_else(|| new_token().unwrap_or_default().into_bytes());
        Self(Arc::new(key))
    }

    /// A seal over a text.
    fn over(&self, purpose: &str, text: &str) -> Option<Hmac<Sha256>> {
        if self.0.is_empty() {
            return None;
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        Some(mac)
    }

    fn text(&self, purpose: &str, text: &str) -> String {
        self.over(purpose, text).map(|mac| HEXLOWER.encode(&mac.finalize().into_bytes())).unwrap_or_default()
    }

    /// Whether this is the seal over the text. Takes the same time whatever was shown.
    fn is(&self, purpose: &str, text: &str, shown: &str) -> bool {
        let Ok(shown) = HEXLOWER.decode(shown.as_bytes()) else { return false };
        self.over(purpose, text).is_some_and(|mac| mac.verify_slice(&shown).is_ok())
    }

    /// The cookie of a session that begins now.
    pub(crate) fn begin(&self, caller: Caller, token: &TokenHash, now: i64) -> String {
        let session = Session { caller, token: token.text(), until: now + LASTS };
        let text = session.text();
        format!("{}.{}", BASE64URL_NOPAD.encode(text.as_bytes()), self.text("session", &text))
    }

    /// The session of a cookie, if the seal is right and the session has not ended.
    pub(crate) fn session(&self, cookie: &str, now: i64) -> Option<Session> {
        let (text, seal) = cookie.split_once('.')?;
        let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
        let session = self.is("session", &text, seal).then(|| Session::read(&text)).flatten()?;
        (session.until >= now).then_some(session)
    }

    /// What a form has to carry, so that no other site can send it for the visitor.
    pub(crate) fn form_token(&self, visitor: &str) -> String {
        self.text("form", visitor)
    }

    /// Whether a form carries what it has to.
    pub(crate) fn is_form_token(&self, visitor: &str, shown: &str) -> bool {
        self.is("form", visitor, shown)
    }
}

impl Session {
    /// Whether the token with which the session began is still that of its caller.
    pub(crate) fn is_of(&self, service: &Service) -> bool {
        let school = match &self.caller.whose {
            Whose::Operator => None,
            Whose::School(school) => Some(school.as_str()),
        };
        let Some(token) = TokenHash::of_text(&self.token) else { return false };
        Caller::of_token(service, school, &token).ok().flatten().as_ref() == Some(&self.caller)
    }

    fn text(&self) -> String {
        let whose = match &self.caller.whose {
            Whose::Operator => "",
            Whose::School(school) => school,
        };
        let role = if self.caller.only_reads { "reads" } else { "changes" };
        format!("{role}\n{whose}\n{}\n{}", self.until, self.token)
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let (role, whose, until, token) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?);
        let whose = if whose.is_empty() { Whose::Operator } else { Whose::School(whose.to_owned()) };
        let caller = Caller { whose, only_reads: role != "changes" };
        Some(Self { caller, token: token.to_owned(), until: until.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_what_its_seal_vouches_for() {
        let seal = Seal(Arc::new(b"a key of more than thirty-two bytes".to_vec()));
        let caller = Caller { whose: Whose::School("north".to_owned()), only_reads: true };
        let cookie = seal.begin(caller.clone(), &TokenHash::of("token"), 1_000);
        assert_eq!(seal.session(&cookie, 1_000 + LASTS).map(|session| session.caller), Some(caller));
        assert_eq!(seal.session(&cookie, 1_001 + LASTS), None, "it has ended");
        let other = Seal(Arc::new(b"another key of more than thirty bytes".to_vec()));
        assert_eq!(other.session(&cookie, 1_000), None, "another seal");
        let (_, mac) = cookie.split_once('.').unwrap();
        let forged = BASE64URL_NOPAD.encode(b"changes\n\n999999999\nsha256:00");
        assert_eq!(seal.session(&format!("{forged}.{mac}"), 1_000), None, "another text");
        assert!(seal.is_form_token("a", &seal.form_token("a")) && !seal.is_form_token("b", &seal.form_token("a")));
        assert_eq!(Seal(Arc::default()).session(&cookie, 1_000), None, "no key, no session");
    }
}
