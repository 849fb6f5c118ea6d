//! Every limit that the host sets on a school's sandbox, in one place, with the reason for each default.
//!
//! Each limit is enforced where its resource is: memory and time in `engine/`, HTTP in `door/`, storage and mails in
//! `store/`, pushes in `push`, templates in `email/`. Not here: how many schools share a machine (the embedding
//! program).

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use crate::store::{Lane, Load};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The most that one sandbox may take. The defaults fit a school of some ten thousand students.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// The memory, time and handles of one running call.
    pub sandbox: SandboxLimits,
    /// The requests and answers of one call.
    pub http: HttpLimits,
    /// The storage and the mails of one school.
    pub storage: StorageLimits,
    /// The pushes of CourseKey.
    pub push: PushLimits,
    /// The mail templates of one school.
    pub mail: MailLimits,
}

/// Memory, time and handles of one running call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Ticks that may run at once in this process, over all schools; other ticks wait. The pool has a memory for each
    /// of these calls, and an unused memory costs address space only.
    pub concurrent_calls: u32,
    /// Calls without network that may run at once beside them, over all schools. They have places of their own,
    /// because ticks hold theirs for as long as CourseKey takes to answer, and somebody waits in front of a page.
    pub short_calls: u32,
    /// Linear memory. The guest holds a course of 500 students with a year of classes in less than 4 MiB. A tick
    /// holds the changes of a thousand classes at the most, however much it reads; a term of 2,089 courses was run
    /// within this limit.
    pub memory_bytes: usize,
    /// Written memory of a finished call that the pool keeps mapped for the next one. An idle tick writes some ten pages,
    /// most ticks with work less than this.
    pub memory_kept_bytes: usize,
    /// The same of each table. A component of this size has a few KiB of tables.
    pub table_kept_bytes: usize,
    /// Elements of a table. A component of this size has some hundred function pointers.
    pub table_elements: usize,
    /// Core instances, tables and memories of the component, its adapters included; the plugin has four instances.
    pub core_instances: u32,
    /// Native stack of the guest. Endless recursion ends here.
    pub stack_bytes: usize,
    /// Time by which a tick may overrun the seconds of its budget before the tick is stopped. The guest starts no
    /// request after half of those seconds, so only the time-out of a request can carry the tick past the end of its
    /// budget.
    pub tick_grace: Duration,
    /// Time for a call without network, from the request on: waiting for a turn and a place counts, and may take half
    /// of it. Such a call takes milliseconds; seconds mean a loop.
    pub short_call: Duration,
    /// Time for a call that looks at CourseKey because somebody asks, from its beginning on. The component gives up by
    /// itself before (`plugin/src/component/deadline.rs`).
    pub look: Duration,
    /// Bytes that the guest may hand to the host in one call of a host function: the largest staging of a tick is
    /// below a tenth of this.
    pub host_call_bytes: usize,
    /// Live host resources (streams, requests, pollables). A request in flight needs about ten.
    pub resources: usize,
    /// Notes (`breadcrumb`) that one tick may leave: each is written to the disk at once. The plugin leaves one or two for
    /// an item.
    pub notes: u32,
    /// Bytes of standard output and error that are kept of one call; the bytes beyond are counted and dropped.
    pub log_bytes: usize,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        Self {
            concurrent_calls: 32,
            short_calls: 16,
            memory_bytes: 128 * MIB,
            memory_kept_bytes: 4 * MIB,
            table_kept_bytes: 64 * KIB,
            table_elements: 20_000,
            core_instances: 16,
            stack_bytes: 512 * KIB,
            tick_grace: Duration::from_secs(35),
            short_call: Duration::from_secs(5),
            look: Duration::from_secs(30),
            host_call_bytes: 32 * MIB,
            resources: 4_096,
            notes: 20_000,
            log_bytes: 16 * KIB,
        }
    }
}

/// The limits of HTTP: what one call may send and receive, and how long the door waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpLimits {
    /// Requests of one call that are under way or whose answer the guest still holds.
    pub in_flight: usize,
    /// Denials of one call that are logged; a guest that tries for ever must not fill the host's disk.
    pub denials_logged: u32,
    /// Names and values of all headers of a message, of a request and of an answer alike.
    pub header_bytes: usize,
    /// Body of a request: a full batch of 100 items is below 100 KiB.
    pub request_bytes: usize,
    /// Body of an answer: a full page of 500 attendance records with four visits each is below 500 KiB.
    pub response_bytes: usize,
    /// Time to resolve a name, and the same time again to connect.
    pub connect: Duration,
    /// Time to shake hands, send the request and receive the head of the answer, beside the time that `connect` left
    /// over.
    pub first_byte: Duration,
    /// Time between two pieces of the answer's body.
    pub between_bytes: Duration,
    /// Time for the whole request, so that an answer that comes byte by byte ends as well. Below `tick_grace`, so
    /// that a tick outlives the last request that it started.
    pub total: Duration,
    /// Idle connections that one school keeps open to its origin.
    pub idle_connections: usize,
    /// How long an idle connection is kept open: for the next requests of a tick, not for the next tick, because a
    /// thousand schools would then keep a thousand connections that do nothing.
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
            idle: Duration::from_secs(10),
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
    /// Bytes of one value; the largest value is a whole course.
    pub value_bytes: u64,
    /// Entries that one read may return (the WIT promises this number).
    pub read_entries: u32,
    /// Bytes of values that one read may return: as much as fits into the guest's memory beside its own work.
    pub read_bytes: u64,
    /// State changes that one call may stage.
    pub changes_per_call: u64,
    /// Operations on GEGI's records that one call may stage.
    pub operations_per_call: u64,
    /// Operations that may wait for GEGI: from then on no tick is made, and nothing of what the state holds is lost. A
    /// large school's week without GEGI is 10,000 marks. The school's operator is told at [`Self::TOLD_PERCENT`].
    pub records_waiting: u64,
    /// Mails that may wait: from then on none is queued, and the plugin says later what it had to say. A month without a
    /// mail server at one digest an hour.
    pub mails_waiting: u64,
    /// Bytes of what waits in each of these two lanes.
    pub waiting_bytes: u64,
    /// Mails of a school in one hour of the clock. By default the plugin sends at most one digest an hour.
    pub mails_per_hour: u32,
    /// How long a taken push is remembered, so that a repeat of it is recognised: longer than any sender goes on
    /// trying. A repeat that comes even later does no harm, because records carry versions.
    pub pushes_remembered: TimeDelta,
    /// How long a receiver may take for a batch of operations, and for one mail. A receiver that hangs stops its own lane
    /// of its own school, for this long.
    pub delivery: Duration,
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
            records_waiting: 100_000,
            mails_waiting: 1_000,
            waiting_bytes: 256 * MIB as u64,
            mails_per_hour: 60,
            pushes_remembered: TimeDelta::days(7),
            delivery: Duration::from_mins(1),
        }
    }
}

impl StorageLimits {
    /// The share of a limit at which somebody is told, in percent.
    pub const TOLD_PERCENT: u64 = 80;

    /// How full a lane is with this load, in percent of its limits.
    pub fn filled_percent(&self, lane: Lane, load: Load) -> u64 {
        let most = match lane {
            Lane::Records => self.records_waiting,
            Lane::Mails => self.mails_waiting,
        };
        let of = |held: u64, most: u64| held.saturating_mul(100) / most.max(1);
        of(load.items, most).max(of(load.bytes, self.waiting_bytes))
    }
}

/// The limits of CourseKey's pushes to one school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushLimits {
    /// Bytes of a body (the WIT promises this number).
    pub body_bytes: usize,
    /// Bytes of the id, and bytes of the signatures: enough for some twenty signatures.
    pub header_bytes: usize,
    /// How far the moment at which a push was signed may lie before or after this host's time. Standard Webhooks' own
    /// libraries allow the same. Whoever records a push on its way cannot use the push after this time.
    pub tolerance: TimeDelta,
}

impl Default for PushLimits {
    fn default() -> Self {
        Self { body_bytes: MIB, header_bytes: 2 * KIB, tolerance: TimeDelta::minutes(5) }
    }
}

/// The limits of mails and of their templates, which schools write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailLimits {
    /// Bytes of one part of a template. The longest part that ships has 2 KiB.
    pub template_bytes: usize,
    /// Steps of the template engine for one part: a digest of 500 issues takes some 20,000.
    pub template_steps: u64,
    /// Bytes of one part of a written mail: a digest of 500 issues has some 200 KiB of HTML, and mail servers take 10
    /// MiB.
    pub mail_bytes: usize,
    /// Characters of a subject; mail programs show fewer.
    pub subject_characters: usize,
}

impl Default for MailLimits {
    fn default() -> Self {
        Self { template_bytes: 64 * KIB, template_steps: 1_000_000, mail_bytes: MIB, subject_characters: 250 }
    }
}

/// Measures how long work such as a running guest takes in real time, whatever the [`Clock`](crate::clock::Clock)
/// says.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// A stopwatch that starts at zero.
    #[allow(clippy::disallowed_methods)] // The only place where the duration of work is measured.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Real time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
