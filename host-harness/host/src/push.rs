//! The way in for CourseKey's pushes: checks which campus's key signed a push, and when. Not here: whether the push
//! was taken before (`store`), and the meaning of its body (the plugin).
//!
//! CourseKey signs in the manner of Standard Webhooks (<https://www.standardwebhooks.com>): the header
//! `webhook-signature` holds the HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}`, made with each of the two
//! keys while CourseKey replaces a key. The signature is checked over the received bytes of the body; nothing reads
//! the body before that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::limits::PushLimits;
use crate::store::PushId;

/// The text with which CourseKey begins a key that it hands over.
const KEY_PREFIX: &str = "whsec_";
/// The text with which a signature of the supported kind begins; other kinds of signature belong to other kinds of
/// key.
const SIGNATURE_VERSION: &str = "v1";
/// The fewest and the most bytes of a key, as Standard Webhooks asks.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A push as it was received; nothing of it is believed yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    /// `webhook-id`: the same when CourseKey sends the push again.
    pub id: String,
    /// `webhook-timestamp`: when this attempt was signed, whole seconds since 1970.
    pub timestamp: String,
    /// `webhook-signature`: signatures with a space between them.
    pub signature: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl Push {
    /// Makes a push from the headers and the body of an HTTP request.
    ///
    /// # Errors
    /// A header is missing, or is no text.
    pub fn of_request(headers: &HeaderMap, body: impl Into<Vec<u8>>) -> Result<Self, Refusal> {
        let text = |name: &'static str| {
            let value = headers.get(name).ok_or(Refusal::Missing(name))?;
            value.to_str().map(str::to_owned).map_err(|_| Refusal::Malformed(name))
        };
        Ok(Self {
            id: text("webhook-id")?,
            timestamp: text("webhook-timestamp")?,
            signature: text("webhook-signature")?,
            body: body.into(),
        })
    }
}

/// Prints only the size of the body, because the body names people.
impl std::fmt::Debug for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Push").field("id", &self.id).field("body_bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// A key with which CourseKey signs pushes. Every way of printing a key prints `…`.
#[derive(Clone, PartialEq, Eq)]
pub struct PushKey(Vec<u8>);

/// The text given as a key is no key. This error never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("read a push key: it is not {KEY_PREFIX} with the base64 of 24 to 64 bytes; copy it from CourseKey once more")]
pub struct BadPushKey;

impl PushKey {
    /// The key of these bytes, unchecked. [`PushKey::parse`] reads and checks a key that CourseKey hands over as
    /// text.
    pub fn new(key: Vec<u8>) -> Self {
        Self(key)
    }

    /// Reads a key in the form in which CourseKey hands it over: `whsec_` and base64.
    ///
    /// # Errors
    /// The text is not of that form, or the key is too short or too long.
    pub fn parse(text: &str) -> Result<Self, BadPushKey> {
        let encoded = text.trim().strip_prefix(KEY_PREFIX).ok_or(BadPushKey)?;
        let key = STANDARD.decode(encoded).map_err(|_| BadPushKey)?;
        if KEY_BYTES.contains(&key.len()) { Ok(Self(key)) } else { Err(BadPushKey) }
    }
}

impl std::fmt::Debug for PushKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// The keys of a campus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushKeys {
    /// The key that is valid now.
    pub current: PushKey,
    /// The key before or after `current`, while CourseKey replaces one key by the other.
    pub other: Option<PushKey>,
}

/// A push that one of the campus's keys signed in time. Only [`verify`] makes a value of this type.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedPush {
    /// The id, which tells the push from all other pushes of the school.
    pub(crate) id: PushId,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Prints only the size of the body, because the body names people.
impl std::fmt::Debug for VerifiedPush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifiedPush")
            .field("id", &self.id)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why a push is refused. CourseKey sends the push again; in any case the next poll brings the records of the push.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A header is missing.
    #[error("take a push: it has no {0} header; CourseKey has to sign it in the manner of Standard Webhooks")]
    Missing(&'static str),
    /// A header does not have its form.
    #[error("take a push: its {0} header is not of the form that Standard Webhooks gives it")]
    Malformed(&'static str),
    /// The campus has no key.
    #[error("take a push: campus {0:?} has no push key; enter the one that CourseKey signs with")]
    NoKey(String),
    /// The push was signed too long ago, or later than now.
    #[error("take a push: it was signed {0} s away from this host's time; correct the clock that is wrong")]
    Untimely(i64),
    /// None of the campus's keys made any of the push's signatures.
    #[error("take a push: no key of campus {0:?} signed it; compare the push key with CourseKey's")]
    UnknownSignature(String),
    /// The body has this many bytes, more than a push may have.
    #[error("take a push: it is larger than {0} bytes; ask CourseKey for smaller ones")]
    TooLarge(usize),
}

impl Refusal {
    /// The HTTP status that answers CourseKey.
    pub fn status(&self) -> u16 {
        match self {
            Self::Missing(_) | Self::Malformed(_) => 400,
            Self::NoKey(_) | Self::Untimely(_) | Self::UnknownSignature(_) => 401,
            Self::TooLarge(_) => 413,
        }
    }
}

/// Believes a push that one of the campus's keys signed within the tolerance around `now`.
///
/// # Errors
/// The push is not to be believed; nothing has read its body.
pub fn verify(
    push: Push,
    campus: &str,
    keys: Option<&PushKeys>,
    now: DateTime<Utc>,
    limits: &PushLimits,
) -> Result<VerifiedPush, Refusal> {
    if push.body.len() > limits.body_bytes {
        return Err(Refusal::TooLarge(limits.body_bytes));
    }
    let too_long = |text: &str| text.is_empty() || text.len() > limits.header_bytes;
    if too_long(&push.id) {
        return Err(Refusal::Malformed("webhook-id"));
    }
    if too_long(&push.signature) {
        return Err(Refusal::Malformed("webhook-signature"));
    }
    let keys = keys.ok_or_else(|| Refusal::NoKey(campus.to_owned()))?;
    check_time(&push.timestamp, now, limits.tolerance)?;
    if !std::iter::once(&keys.current).chain(&keys.other).any(|key| signed_by(key, &push)) {
        return Err(Refusal::UnknownSignature(campus.to_owned()));
    }
    Ok(VerifiedPush { id: id_of(campus, &push), body: push.body })
}

fn check_time(timestamp: &str, now: DateTime<Utc>, tolerance: TimeDelta) -> Result<(), Refusal> {
    let malformed = || Refusal::Malformed("webhook-timestamp");
    let seconds: i64 = timestamp.parse().map_err(|_| malformed())?;
    let away = now.timestamp().checked_sub(seconds).ok_or_else(malformed)?;
    if away.unsigned_abs() > tolerance.num_seconds().unsigned_abs() { Err(Refusal::Untimely(away)) } else { Ok(()) }
}

/// Whether the key made one of the push's signatures. The comparison takes constant time.
fn signed_by(key: &PushKey, push: &Push) -> bool {
    // HMAC takes keys of every length, so this never returns here.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(&key.0) else { return false };
    let head = format!("{}.{}.", push.id, push.timestamp);
    let mac = mac.chain_update(head).chain_update(&push.body);
    let signatures = push.signature.split(' ').filter_map(|one| one.split_once(','));
    let readable = signatures.filter(|(version, _)| *version == SIGNATURE_VERSION);
    readable.filter_map(|(_, text)| STANDARD.decode(text).ok()).any(|made| mac.clone().verify_slice(&made).is_ok())
}

/// The id of a push within its school. The body is part of the id, so that two pushes which a sender gave one
/// `webhook-id` are both taken.
fn id_of(campus: &str, push: &Push) -> PushId {
    let mut hash = Sha256::new();
    for part in [campus.as_bytes(), push.id.as_bytes(), &push.body] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    PushId::new(hash.finalize().into())
}

#[cfg(test)]
mod tests;
