//! The keys of a school's campuses, and how a key is put on a request. The sandbox never sees a key.

use http::header::{AUTHORIZATION, HeaderName, HeaderValue, InvalidHeaderValue};

use crate::push::PushKeys;

/// A campus's auth key. Every way of printing a key prints `…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text of a key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The text of the key, for the door, which puts the key on a request, and for whoever stores keys.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Supplies the keys of one school.
pub trait CredentialSource: Send + Sync {
    /// The key of a campus, as valid now; none: customer care has not entered a key.
    fn key(&self, campus: &str) -> Option<Secret>;

    /// The keys with which CourseKey signs a campus's pushes; none: CourseKey does not push for the campus, or
    /// customer care has not entered a key.
    fn push_keys(&self, _campus: &str) -> Option<PushKeys> {
        None
    }
}

/// The header of a request in which CourseKey expects the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialHeader {
    /// The name of the header. The guest may not set this header.
    pub name: HeaderName,
    /// The word before the key, for example `Bearer`; empty: the key alone.
    pub scheme: String,
}

impl Default for CredentialHeader {
    fn default() -> Self {
        Self { name: AUTHORIZATION, scheme: "Bearer".to_owned() }
    }
}

impl CredentialHeader {
    /// The value of the header for a key, marked so that no HTTP library prints the value.
    ///
    /// # Errors
    /// The key has characters that no header may carry, such as a line end.
    pub fn value(&self, key: &Secret) -> Result<HeaderValue, InvalidHeaderValue> {
        let text = format!("{} {}", self.scheme, key.expose());
        let mut value = HeaderValue::from_str(text.trim())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_prints() {
        let key = Secret::new("key-000001");
        let value = CredentialHeader::default().value(&key).unwrap();
        assert_eq!(value, "Bearer key-000001");
        assert_eq!(format!("{key:?} {value:?}"), "… Sensitive");
    }

    #[test]
    fn a_key_with_a_line_end_is_no_header() {
        assert!(CredentialHeader::default().value(&Secret::new("key\r\nhost: elsewhere")).is_err());
    }
}
