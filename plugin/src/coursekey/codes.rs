//! CourseKey's words for its refusals. No other file knows these words.

use std::fmt;

use super::answer::shorten;
use crate::ledger::RefusalCode;

/// The words that decide what the plugin does next, as in `coursekey.openapi.yaml`. Two of them are this plugin's own
/// and never come from CourseKey: `account_mismatch` and `refused`.
const WORDS: [(&str, RefusalCode); 7] = [
    ("email_taken", RefusalCode::EmailTaken),
    ("account_mismatch", RefusalCode::AccountMismatch),
    ("unknown_user", RefusalCode::UnknownUser),
    ("unknown_course", RefusalCode::UnknownCourse),
    ("has_attendance", RefusalCode::HasAttendance),
    ("password_weak", RefusalCode::PasswordWeak),
    ("refused", RefusalCode::RequestRefused),
];

impl RefusalCode {
    /// Reads CourseKey's word.
    pub fn read(word: &str) -> Self {
        let known = WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, code)| code);
        known.unwrap_or_else(|| Self::Other(shorten(word)))
    }
}

/// CourseKey's word.
impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(word) => f.write_str(word),
            Self::HeldBy(_) => f.write_str("email_taken"),
            Self::Circle(_) => f.write_str("emails_swapped"),
            known => f.write_str(WORDS.iter().find(|(_, code)| code == known).map_or("", |(word, _)| word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for (word, code) in WORDS {
            assert_eq!((RefusalCode::read(word), code.to_string()), (code, word.to_owned()));
        }
        assert_eq!(RefusalCode::read("name_blank").to_string(), "name_blank");
    }
}
