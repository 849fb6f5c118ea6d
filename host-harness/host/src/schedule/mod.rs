//! The schedule: what is known of schools goes in, the next moment comes out. Nothing here reads a clock, waits or
//! sends: `now` is an argument, so that the same code plays a term in seconds and runs a service for years.
//!
//! | Room | What it decides |
//! |---|---|
//! | `rhythm` | at which moments one school may be ticked, so that many schools spread evenly |
//! | `patience` | how long a school whose ticks fail is left alone |
//! | `scheduler` | which school is ticked now, and when somebody has to look again |
//! | `circuit` | whether an origin that fails is asked, and when each school comes back to it |
//! | `origin` | which request leaves for an origin next, so that schools share its rate fairly |
//!
//! Not here: who makes the ticks and waits for the moments (an embedding program), and how a tick is made (`school`).

mod circuit;
mod origin;
mod patience;
mod rhythm;
mod scheduler;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

pub use circuit::{Heard, retry_after};
pub use origin::{Asked, Origin, Origins, Pass, Released, Ticket};
pub use patience::Fault;
pub use rhythm::Tempo;
pub use scheduler::{First, Outcome, Ready, Scheduler, SchoolView, Wake};

/// Milliseconds since 1970, in which all rooms reckon. Sums that would not fit stay at the end of time, because the
/// plugin may name any moment.
type Millis = i64;

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;

/// Any moment of a day is one of milliseconds; only the end of time is cut short.
fn moment(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A number that is the same for the same school on every machine and in every version, and evenly spread over many
/// schools. `salt` tells apart what one school needs numbers for.
fn hash(school: &str, salt: u64) -> u64 {
    let bytes = salt.to_le_bytes().into_iter().chain(school.bytes());
    let folded = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    // FNV-1a alone leaves the ids of one pattern, such as `school-0017`, close to each other.
    let mixed = (folded ^ (folded >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A share of `whole` that belongs to the school, from nothing up to less than all of it.
fn share(school: &str, salt: u64, whole: Millis) -> Millis {
    let whole = u64::try_from(whole).unwrap_or(0).max(1);
    i64::try_from(hash(school, salt) % whole).unwrap_or(0)
}
