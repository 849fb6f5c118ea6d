-- What the plugin stores. Keys are bytes, so that they compare as bytes and may hold any character.
CREATE TABLE state (
    school TEXT NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (school, key)
) STRICT, WITHOUT ROWID;

-- What waits for delivery. Lanes: 0 records, 1 mails.
CREATE TABLE outbox (
    school TEXT NOT NULL,
    lane INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (school, lane, sequence)
) STRICT, WITHOUT ROWID;

-- What was delivered and refused.
CREATE TABLE refused (
    school TEXT NOT NULL,
    lane INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    payload TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (school, lane, sequence)
) STRICT, WITHOUT ROWID;

-- One row for each school: how far its counters have come, and the note of a tick that has not returned.
CREATE TABLE standing (
    school TEXT NOT NULL PRIMARY KEY,
    commits INTEGER NOT NULL,
    last_commit_at INTEGER,
    keys INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    records INTEGER NOT NULL,
    mails INTEGER NOT NULL,
    mails_before_hour INTEGER NOT NULL,
    note TEXT,
    note_times INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
