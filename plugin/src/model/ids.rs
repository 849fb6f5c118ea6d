//! Identifiers: a type for each kind of id, so that two kinds cannot be mixed up.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id!(
    /// GEGI's id of a course.
    CourseId
);
text_id!(
    /// GEGI's id of a class; kept when the class is moved.
    ClassId
);
text_id!(
    /// GEGI's id of a person, whatever the role.
    PersonId
);
text_id!(
    /// GEGI's id of a campus.
    CampusId
);
text_id!(
    /// CourseKey's own id of an account.
    AccountId
);
text_id!(
    /// CourseKey's id of an attendance record.
    RecordId
);

/// CourseKey's number of a campus (its "School ID"). CourseKey holds every account, course and record under such a
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchoolNumber(pub u64);

impl fmt::Display for SchoolNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a request to CourseKey goes: the campus whose credentials it carries, and the School ID in its path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// GEGI's campus. The host picks the credentials by this id.
    pub campus: CampusId,
    /// CourseKey's number of the campus.
    pub school: SchoolNumber,
}

impl PersonId {
    /// The id without differences of case and blanks, which people make when they type ids.
    pub fn folded(&self) -> String {
        self.as_str().chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect()
    }
}
