//! Every limit the host sets on a school's sandbox, in one place, with the reason for each default.
//!
//! Enforcement lives where the resource is: memory and time in `engine/`, HTTP in `door/`, storage and mails in
//! `store/`, pushes in `push`, templates in `email/`. Only what a guest may take is here; how much of it many schools share is the scheduler's business.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What one sandbox may take. The defaults fit a school of some ten thousand students.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// What the machine gives to one running call.
    pub sandbox: SandboxLimits,
    /// What a call may send and receive.
    pub http: HttpLimits,
    /// What a school may store and mail.
    pub storage: StorageLimits,
    /// What CourseKey may push.
    pub push: PushLimits,
    /// What a school's own mail templates may do.
    pub mail: MailLimits,
}

/// Memory, time and handles of one running call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Calls that may run at once in this process, over all schools; others wait. The pool of memories is made for this
    /// number; each costs address space, not memory, until it is used.
    pub concurrent_calls: u32,
    /// Linear memory. A course of 500 students with a year of classes is below 4 MiB as the guest holds it. A tick holds
    /// what is new of a thousand classes at the most, whatever it reads; a term of 2,089 courses is played within this.
    pub memory_bytes: usize,
    /// Written memory of a finished call that the pool keeps mapped for the next one. An idle tick writes some ten pages,
    /// most ticks with work less than this.
    pub memory_kept_bytes: usize,
    /// The same of each table. A component of this size has a few KiB of tables.
    pub table_kept_bytes: usize,
    /// Elements of a table. A component of this size has some hundred function pointers.
    pub table_elements: usize,
    /// Core instances, tables and memories of the component, its adapters included; ours has four instances.
    pub core_instances: u32,
    /// Native stack of the guest. Endless recursion ends here.
    pub stack_bytes: usize,
    /// Time a tick may overrun the seconds of its budget before it is stopped: the guest starts no request after half
    /// of them, so only a request's own time-out can carry it past the end.
    pub tick_grace: Duration,
    /// Time for a call without network. They take milliseconds; seconds mean a loop.
    pub short_call: Duration,
    /// Bytes the guest may hand to the host in one call to it: the largest staging of a tick is below a tenth of this.
    pub host_call_bytes: usize,
    /// Live host resources (streams, requests, pollables). A request in flight needs about ten.
    pub resources: usize,
    /// Bytes of standard output and error that are kept of one call; the rest is counted and dropped.
    pub log_bytes: usize,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        Self {
            concurrent_calls: 32,
            memory_bytes: 128 * MIB,
            memory_kept_bytes: 4 * MIB,
            table_kept_bytes: 64 * KIB,
            table_elements: 20_000,
            core_instances: 16,
            stack_bytes: 512 * KIB,
            tick_grace: Duration::from_secs(35),
            short_call: Duration::from_secs(5),
            host_call_bytes: 32 * MIB,
            resources: 4_096,
            log_bytes: 16 * KIB,
        }
    }
}

/// HTTP of one call, and the patience of the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpLimits {
    /// Requests of one call that are under way or whose answer the guest still holds.
    pub in_flight: usize,
    /// Denials of one call that are written down; a guest that tries for ever must not fill the host's disk.
    pub denials_logged: u32,
    /// Names and values of a message's headers together, either way.
    pub header_bytes: usize,
    /// Body of a request: a full batch of 100 items is below 100 KiB.
    pub request_bytes: usize,
    /// Body of an answer: a full page of 500 attendance records with four visits each is below 500 KiB.
    pub response_bytes: usize,
    /// To resolve a name, and as much again to connect.
    pub connect: Duration,
    /// To shake hands, send and hear the head of the answer, beside what `connect` left over.
    pub first_byte: Duration,
    /// Between two pieces of the answer's body.
    pub between_bytes: Duration,
    /// For everything together, so that a drip of single bytes ends as well. Below `tick_grace`, so that a tick outlives
    /// the last request it started.
    pub total: Duration,
    /// Idle connections kept open to one origin.
    pub idle_connections: usize,
    /// How long an idle connection is kept open.
    pub idle: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            in_flight: 32,
            denials_logged: 100,
            header_bytes: 16 * KIB,
            request_bytes: MIB,
            response_bytes: 4 * MIB,
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(20),
            between_bytes: Duration::from_secs(5),
            total: Duration::from_secs(30),
            idle_connections: 32,
            idle: Duration::from_mins(1),
        }
    }
}

/// Storage and mail of one school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageLimits {
    /// Keys and values of a school together: some 200 bytes for each enrolment and each followed attendance record.
    pub state_bytes: u64,
    /// Entries of a school.
    pub state_keys: u64,
    /// One value; the largest is a whole course.
    pub value_bytes: u64,
    /// Entries one read may return (the WIT promises this number).
    pub read_entries: u32,
    /// Bytes of values one read may return: what fits into the guest's memory beside its own work.
    pub read_bytes: u64,
    /// State changes one call may stage.
    pub changes_per_call: u64,
    /// Operations on GEGI's records one call may stage.
    pub operations_per_call: u64,
    /// Mails of a school in any hour. The plugin sends at most one digest an hour by default.
    pub mails_per_hour: u32,
    /// How long a push that came is remembered, to be told from one that comes again: longer than anybody tries to
    /// deliver one. One that comes after that says nothing new, for records carry versions.
    pub pushes_remembered: TimeDelta,
}

impl Default for StorageLimits {
    fn default() -> Self {
        Self {
            state_bytes: 512 * MIB as u64,
            state_keys: 2_000_000,
            value_bytes: MIB as u64,
            read_entries: 10_000,
            read_bytes: 32 * MIB as u64,
            changes_per_call: 100_000,
            operations_per_call: 50_000,
            mails_per_hour: 60,
            pushes_remembered: TimeDelta::days(7),
        }
    }
}

/// CourseKey's pushes to one school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushLimits {
    /// Body (the WIT promises this number).
    pub body_bytes: usize,
    /// Id and signatures, each: some twenty signatures.
    pub header_bytes: usize,
    /// How far the moment at which a push was signed may lie from this host's, either way. As long as Standard Webhooks'
    /// own libraries allow; a push that was recorded on its way is worth nothing after it.
    pub tolerance: TimeDelta,
}

impl Default for PushLimits {
    fn default() -> Self {
        Self { body_bytes: MIB, header_bytes: 2 * KIB, tolerance: TimeDelta::minutes(5) }
    }
}

/// Mails and their templates, which schools write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailLimits {
    /// One part of a template. The longest that ships has 2 KiB.
    pub template_bytes: usize,
    /// Steps of the template engine for one part: a digest of 500 issues takes some 20,000.
    pub template_steps: u64,
    /// One part of a written mail: a digest of 500 issues has some 200 KiB of HTML, and mail servers take 10 MiB.
    pub mail_bytes: usize,
    /// A subject; mail programs show less.
    pub subject_characters: usize,
}

impl Default for MailLimits {
    fn default() -> Self {
        Self { template_bytes: 64 * KIB, template_steps: 1_000_000, mail_bytes: MIB, subject_characters: 250 }
    }
}

/// Measures real work, whatever the [`Clock`](crate::clock::Clock) says: how long a guest has been running.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts at zero.
    #[allow(clippy::disallowed_methods)] // The one place where work is measured.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Real time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
