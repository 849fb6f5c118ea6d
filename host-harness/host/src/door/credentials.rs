//! The keys of a school's campuses, and how one is put on a request. The sandbox never sees any of this.

use http::header::{AUTHORIZATION, HeaderName, HeaderValue, InvalidHeaderValue};

use crate::push::PushKeys;

/// A campus's auth key. Prints as `…` whatever is asked of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key itself, for the one place that puts it on a request and for whoever stores it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Knows the keys of one school.
pub trait CredentialSource: Send + Sync {
    /// The key of a campus as it is now; none: customer care has not entered one.
    fn key(&self, campus: &str) -> Option<Secret>;

    /// The keys that CourseKey signs a campus's pushes with; none: it does not push, or customer care has not entered one.
    fn push_keys(&self, _campus: &str) -> Option<PushKeys> {
        None
    }
}

/// Where on a request CourseKey expects the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialHeader {
    /// Name of the header. The guest may not set it.
    pub name: HeaderName,
    /// Word before the key, for example `Bearer`; empty: the key alone.
    pub scheme: String,
}

impl Default for CredentialHeader {
    fn default() -> Self {
        Self { name: AUTHORIZATION, scheme: "Bearer".to_owned() }
    }
}

impl CredentialHeader {
    /// The header's value for a key, marked so that no HTTP library prints it.
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
