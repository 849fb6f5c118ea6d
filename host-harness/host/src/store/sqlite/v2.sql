-- Pushes of CourseKey's that were taken, each with its second.
CREATE TABLE push (
    school TEXT NOT NULL,
    id BLOB NOT NULL,
    taken_at INTEGER NOT NULL,
    PRIMARY KEY (school, id)
) STRICT, WITHOUT ROWID;

-- The oldest are forgotten whenever one is taken.
CREATE INDEX push_by_time ON push (school, taken_at);
