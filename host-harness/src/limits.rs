//! Every limit the host sets on a school's sandbox, in one place, with the reason for each default.

const MIB: usize = 1024 * 1024;

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
        }
    }
}
