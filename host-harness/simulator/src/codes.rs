//! The table of codes with which CourseKey rejects items. Not here: the rules that use the codes (`rules`).

use serde::{Serialize, Serializer};

/// The code of a rejection, which programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionCode {
    /// The e-mail address is no address.
    EmailInvalid,
    /// Another account has this e-mail address.
    EmailTaken,
    /// The initial password of a new account breaks the password rule.
    PasswordWeak,
    /// No account has the e-mail address of the course's owner.
    UnknownOwner,
    /// CourseKey does not hold the user.
    UnknownUser,
    /// CourseKey does not hold the course.
    UnknownCourse,
    /// A session with attendance cannot be removed.
    HasAttendance,
    /// CourseKey holds a newer revision.
    StaleRevision,
    /// The account has another issued id, or another account has the issued id.
    AccountMismatch,
    /// Any other fault; the result names the field.
    Invalid,
}

impl RejectionCode {
    /// Every code.
    pub const ALL: [Self; 10] = [
        Self::EmailInvalid,
        Self::EmailTaken,
        Self::PasswordWeak,
        Self::UnknownOwner,
        Self::UnknownUser,
        Self::UnknownCourse,
        Self::HasAttendance,
        Self::StaleRevision,
        Self::AccountMismatch,
        Self::Invalid,
    ];

    /// The code with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The sentence of the code. The sentence names no person and repeats no value.
    pub(super) fn message(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::EmailInvalid => ("email_invalid", "this is not an e-mail address"),
            Self::EmailTaken => ("email_taken", "another account has this e-mail address"),
            Self::PasswordWeak => (
                "password_weak",
                "a password has at least 6 characters, a lower case and an upper case letter and a digit",
            ),
            Self::UnknownOwner => ("unknown_owner", "no account has this e-mail address"),
            Self::UnknownUser => ("unknown_user", "there is no such user"),
            Self::UnknownCourse => ("unknown_course", "there is no such course"),
            Self::HasAttendance => ("has_attendance", "the session has attendance"),
            Self::StaleRevision => ("stale_revision", "a newer revision is held"),
            Self::AccountMismatch => ("account_mismatch", "account and issued id belong to different people"),
            Self::Invalid => ("invalid", "this value cannot be taken"),
        }
    }
}

impl Serialize for RejectionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
