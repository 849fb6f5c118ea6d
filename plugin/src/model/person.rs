//! People as GEGI knows them. A person has one GEGI id, as a student and as an instructor.

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};

use super::ids::PersonId;

/// A person as GEGI has them at one revision.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// GEGI's id.
    pub id: PersonId,
    /// Grows with every change of this person's own data.
    pub revision: u64,
    /// First name; may be empty.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// E-mail address as typed into GEGI; may be empty or wrong.
    pub email: String,
}

impl Person {
    /// First and last name, as people read them; empty: GEGI has neither.
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// Names and addresses never reach a log: only the id is printed.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("id", &self.id).field("revision", &self.revision).finish_non_exhaustive()
    }
}

/// The e-mail address that somebody typed into a field, without the blanks around it. None: the field is empty, or
/// holds anything but one address that a mail could reach. A display name is not part of an address, and the domain of
/// an address has a dot.
pub fn address(typed: &str) -> Option<&str> {
    let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
    Some(typed.trim()).filter(|text| EmailAddress::parse_with_options(text, options).is_ok())
}
