//! Sorts CourseKey's answers by what the plugin does next (DESIGN §5, the table of answers). Not here: what the bodies
//! of the answers mean (`items`, `reads`, `attendance`).

use std::time::UNIX_EPOCH;

use crate::model::time::{Instant, Seconds};
use crate::world::network::{Reply, Unheard};

/// The longest time for which a Retry-After is honoured.
const RETRY_AFTER_CAP: Seconds = Seconds(3_600);
/// The most bytes of CourseKey's own words that a refusal keeps.
const MESSAGE_CAP: usize = 200;

/// What an answer means for what the plugin does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// CourseKey did what the request asked, and the body was read.
    Understood(T),
    /// The request failed: a later tick sends it again, not before the failure's moment if it names one.
    Later(Failure),
    /// CourseKey refused the campus's credentials: the campus is stopped.
    Stop(Failure),
    /// CourseKey refused the request itself: a batch is split in halves, and an item alone counts as refused.
    Refused(Failure),
    /// CourseKey does not know the school in the path.
    Unknown(Failure),
}

/// Why a request did not work, and when it may be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The reason in one short sentence, for people.
    pub reason: String,
    /// The first moment at which the request may be sent again; none: CourseKey named no moment.
    pub not_before: Option<Instant>,
    /// Whether all of CourseKey asks to be left alone, so that no other request to the campus should be started now.
    pub all: bool,
}

/// Sorts an answer by the table of DESIGN §5. `read` reads the body of a success.
pub fn sort<T>(
    answer: Result<Reply, Unheard>,
    now: Instant,
    read: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Answer<T> {
    let reply = match answer {
        Ok(reply) => reply,
        Err(unheard) => {
            return Answer::Later(Failure {
                all: unheard == Unheard::Unreachable,
                reason: unheard.to_string(),
                not_before: None,
            });
        }
    };
    let failure = |reason: String, all| Failure {
        reason,
        not_before: reply.retry_after.as_deref().and_then(|text| retry_at(text, now)),
        all,
    };
    let status = reply.status;
    match status {
        200..=299 => match read(&reply.body) {
            Ok(body) => Answer::Understood(body),
            Err(problem) => Answer::Later(failure(format!("CourseKey's answer cannot be read: {problem}"), false)),
        },
        401 | 403 => Answer::Stop(failure(format!("CourseKey refused the campus's credentials (HTTP {status})"), true)),
        404 => Answer::Unknown(failure("CourseKey does not know the school (HTTP 404)".to_owned(), true)),
        408 | 429 | 500..=599 => {
            Answer::Later(failure(format!("CourseKey answered HTTP {status}"), matches!(status, 429 | 503)))
        }
        // Something between the plugin and CourseKey answered: a redirect to a maintenance page says nothing about the
        // items.
        300..=399 => Answer::Later(failure(format!("CourseKey answered HTTP {status}"), true)),
        _ => Answer::Refused(failure(format!("CourseKey refused the request (HTTP {status})"), false)),
    }
}

/// The moment that a Retry-After names (RFC 9110 §10.2.3), no further away than the cap. None: the text is neither a
/// number of seconds nor a date.
///
/// DOMAIN §4 "HTTP": "Retry-After in seconds of any size and in all three forms of a date (RFC 9110 §5.6.7), capped at an
/// hour".
fn retry_at(text: &str, now: Instant) -> Option<Instant> {
    let text = text.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number too large to be read is further away than the cap.
        text.parse().map_or(RETRY_AFTER_CAP, Seconds)
    } else {
        let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        (Instant(i64::try_from(date.as_secs()).ok()?) - now).max(Seconds::ZERO)
    };
    Some(now + wait.min(RETRY_AFTER_CAP))
}

/// CourseKey's words, cut to a length that can be kept.
pub fn shorten(text: &str) -> String {
    text.get(..text.floor_char_boundary(MESSAGE_CAP)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn wait(text: &str) -> Option<i64> {
        let now = at("1994-11-06T08:40:00Z");
        retry_at(text, now).map(|at| (at - now).0)
    }

    #[test]
    fn retry_after_is_seconds_of_any_size_or_one_of_three_dates_and_an_hour_at_most() {
        let dates = ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"];
        for date in dates {
            assert_eq!(wait(date), Some(577), "{date}");
        }
        assert_eq!(wait("0"), Some(0));
        assert_eq!(wait(" 30 "), Some(30));
        for long in ["7200", "4294967296", "99999999999999999999999999", "Sat, 06 Nov 2094 08:49:37 GMT"] {
            assert_eq!(wait(long), Some(3_600), "{long}");
        }
        assert_eq!(wait("Sat, 05 Nov 1994 08:49:37 GMT"), Some(0), "in the past");
        for nonsense in ["", "soon", "-5", "1.5", "Sun, 06 Nov 1994 25:49:37 GMT"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }
}
