//! Mail: takes what the plugin and the service have to say to people, and sends it.
//!
//! | File | What |
//! |---|---|
//! | `config` | the `[mail]` table, and what is wrong with it |
//! | `letter` | the form of one mail; no value can add a header or a recipient |
//! | `outcome` | what became of one attempt, and which answers of a server mean what |
//! | `standing` | whether mails may leave now: back-off after failures, a stop until the operator acts |
//! | `smtp/` `folder` | the two ways out; the third is to count |
//! | `transport` | joins these: one for each process |
//! | `sink` | a school's mails, and those to the operator |
//!
//! A mail is sent at least once, always with the same Message-ID, so that a receiver can drop repeats. Not here: the
//! texts (`host::email`), the outbox in which mails wait (`host::outbox`), and where the password is kept.

mod config;
mod folder;
mod letter;
mod outcome;
mod sink;
mod smtp;
mod standing;
mod transport;

#[cfg(test)]
mod tests;

pub use config::{MailConfig, MailProblem, TlsMode, Way};
pub use letter::{Letter, LetterError, Sender};
pub use outcome::{Outcome, Passing, Refusal, Reply, Stage, Stop};
pub use sink::{OperatorMails, SchoolMails, Texts};
pub use standing::{Backoff, Standing};
pub use transport::{Counts, SendLimits, Transport};
