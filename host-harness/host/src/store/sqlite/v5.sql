-- Values that commits of short calls replaced, each with the number of that commit; no value: the key did not exist.
CREATE TABLE past (
    school TEXT NOT NULL,
    key BLOB NOT NULL,
    until INTEGER NOT NULL,
    value BLOB,
    PRIMARY KEY (school, key, until)
) STRICT, WITHOUT ROWID;

-- The oldest commit of which the state can still be read.
ALTER TABLE standing ADD COLUMN kept_from INTEGER NOT NULL DEFAULT 0;
UPDATE standing SET kept_from = commits;

-- The class whose marks an operation changes, so that a tick reads the waiting operations of one class alone.
ALTER TABLE outbox ADD COLUMN subject TEXT;
UPDATE outbox SET subject = coalesce(
    json_extract(substr(payload, 3), '$."set-mark".class'),
    json_extract(substr(payload, 3), '$."withdraw-mark".class')
) WHERE lane = 0 AND payload LIKE '1 {%' AND json_valid(substr(payload, 3));
CREATE INDEX outbox_by_subject ON outbox (school, subject, sequence) WHERE subject IS NOT NULL;
