//! Why CourseKey refuses an item: the table of codes. The rules that use them are in `rules`.

use serde::{Serialize, Serializer};

/// A reason, as programs see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionCode {
    /// Not an e-mail address.
    EmailInvalid,
    /// Another account has this e-mail address.
    EmailTaken,
    /// The initial password of a new account breaks the password rule.
    PasswordWeak,
    /// The course's owner is no account's e-mail address.
    UnknownOwner,
    /// No such user.
    UnknownUser,
    /// No such course.
    UnknownCourse,
    /// A session with attendance cannot be removed.
    HasAttendance,
    /// A newer revision is held.
    StaleRevision,
    /// The account has another issued id, or the issued id another account.
    AccountMismatch,
    /// Anything else; the field says where.
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

    /// The code of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The sentence that goes with it. It names no person and repeats no value.
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
