//! What each answer means for what comes next (DESIGN §5, the table of answers).

use crate::model::time::{Instant, Seconds};
use crate::world::network::{Reply, Unheard};

/// The longest a Retry-After is honoured.
const RETRY_AFTER_CAP: Seconds = Seconds(3_600);
/// The most bytes of CourseKey's own words that are kept of a refusal.
const MESSAGE_CAP: usize = 200;

/// What an answer means for what comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// It was understood.
    Understood(T),
    /// Try again on a later tick, not before the instant if there is one.
    Later(Failure),
    /// Stop this campus: its credentials are refused.
    Stop(Failure),
    /// The request itself was refused: split it, or give up on what it carries.
    Refused(Failure),
    /// CourseKey does not know what the path names.
    Unknown(Failure),
}

/// Why something did not work, for people, and when it may be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// One short sentence.
    pub reason: String,
    /// Not before this moment.
    pub not_before: Option<Instant>,
    /// Whether the service as a whole asks for peace, so that no other request should be started now.
    pub all: bool,
}

/// Sorts an answer by the table of DESIGN §5; `read` understands the body of a success.
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
        // Somebody between: a redirect to a maintenance page says nothing about what was sent.
        300..=399 => Answer::Later(failure(format!("CourseKey answered HTTP {status}"), true)),
        _ => Answer::Refused(failure(format!("CourseKey refused the request (HTTP {status})"), false)),
    }
}

/// The moment a Retry-After names (RFC 9110 §10.2.3), no further away than the cap.
fn retry_at(text: &str, now: Instant) -> Option<Instant> {
    let wait = match text.trim().parse::<u32>() {
        Ok(seconds) => Seconds(i64::from(seconds)),
        Err(_) => Seconds((chrono::DateTime::parse_from_rfc2822(text).ok()?.timestamp() - now.0).max(0)),
    };
    Some(now + wait.min(RETRY_AFTER_CAP))
}

/// Somebody else's words, short enough to keep.
pub fn shorten(text: &str) -> String {
    let end =
        text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= MESSAGE_CAP).last().unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
}
