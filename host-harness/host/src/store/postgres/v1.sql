-- One row for each school: its number in the other tables, how far its counters have come, and the note of a tick that
-- has not returned (as bytes, because it may hold any character). Whoever writes for a school locks this row first.
CREATE TABLE standing (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    school text COLLATE "C" NOT NULL UNIQUE,
    commits bigint NOT NULL DEFAULT 0,
    last_commit_at bigint,
    keys bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    records bigint NOT NULL DEFAULT 0,
    mails bigint NOT NULL DEFAULT 0,
    mails_before_hour bigint NOT NULL DEFAULT 0,
    note bytea,
    note_times bigint NOT NULL DEFAULT 0,
    failing_since bigint,
    failing_ticks bigint NOT NULL DEFAULT 0,
    failing_told boolean NOT NULL DEFAULT false,
    fence bigint NOT NULL DEFAULT 0,
    kept_from bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- What the plugin stores. Keys are bytes, so that they compare as bytes and may hold any character.
CREATE TABLE state (
    school integer NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (school, key)
);

-- Values that commits of short calls replaced, each with the number of that commit; no value: the key did not exist.
CREATE TABLE past (
    school integer NOT NULL,
    key bytea NOT NULL,
    until bigint NOT NULL,
    value bytea,
    PRIMARY KEY (school, key, until)
);

-- What waits for delivery. Lanes: 0 records, 1 mails. The subject is the class whose marks an operation changes.
CREATE TABLE outbox (
    school integer NOT NULL,
    lane smallint NOT NULL,
    sequence bigint NOT NULL,
    payload text NOT NULL,
    subject text COLLATE "C",
    PRIMARY KEY (school, lane, sequence)
);
CREATE INDEX outbox_by_subject ON outbox (school, subject, sequence) WHERE subject IS NOT NULL;

-- What was delivered and refused; the reason as bytes, because it may hold any character.
CREATE TABLE refused (
    school integer NOT NULL,
    lane smallint NOT NULL,
    sequence bigint NOT NULL,
    payload text NOT NULL,
    reason bytea NOT NULL,
    PRIMARY KEY (school, lane, sequence)
);

-- Pushes of CourseKey's that were taken, each with its second. The oldest are forgotten whenever one is taken.
CREATE TABLE push (
    school integer NOT NULL,
    id bytea NOT NULL,
    taken_at bigint NOT NULL,
    PRIMARY KEY (school, id)
);
CREATE INDEX push_by_time ON push (school, taken_at);

-- Locks the row of a school until the end of the transaction, and makes the row if there is none.
CREATE FUNCTION lock_standing(p_school text) RETURNS standing LANGUAGE plpgsql AS $$
DECLARE
    found_row standing;
BEGIN
    LOOP
        SELECT * INTO found_row FROM standing s WHERE s.school = p_school FOR UPDATE;
        IF FOUND THEN
            RETURN found_row;
        END IF;
        INSERT INTO standing (school) VALUES (p_school) ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;

-- Writes a commit. Keys are given once each. Outcomes: 0 committed (number: of the commit), 1 fenced (number: the fence
-- of the school), 2 overtaken, 3 in conflict with short calls (number: of keys). Every statement of this function sees
-- what others committed before it got the lock.
CREATE FUNCTION write_commit(
    p_school text, p_at bigint, p_fence bigint, p_follows bigint, p_tick_after bigint, p_most_kept bigint,
    p_keys bytea[], p_values bytea[], p_records text[], p_subjects text[], p_mails text[],
    p_clears_note boolean, p_push bytea, p_forget_before bigint,
    p_failing_since bigint, p_failing_ticks bigint, p_failing_told boolean,
    OUT outcome integer, OUT number bigint
) LANGUAGE plpgsql AS $$
DECLARE
    st standing;
    kept_keys bytea[] := p_keys;
    kept_values bytea[] := p_values;
    changed bytea[];
    keys_before bigint;
    bytes_before bigint;
    keys_after bigint;
    bytes_after bigint;
BEGIN
    st := lock_standing(p_school);
    IF p_fence < st.fence THEN
        outcome := 1;
        number := st.fence;
        RETURN;
    END IF;
    IF p_follows <> st.commits OR p_tick_after < st.kept_from THEN
        outcome := 2;
        RETURN;
    END IF;
    IF p_tick_after < st.commits THEN
        SELECT count(c.value), array_agg(c.key) INTO number, changed
        FROM unnest(p_keys, p_values) AS c (key, value)
        WHERE EXISTS (SELECT FROM past p WHERE p.school = st.id AND p.key = c.key AND p.until > p_tick_after);
        IF number > 0 THEN
            outcome := 3;
            RETURN;
        END IF;
        IF changed IS NOT NULL THEN
            SELECT coalesce(array_agg(c.key), '{}'), coalesce(array_agg(c.value), '{}') INTO kept_keys, kept_values
            FROM unnest(p_keys, p_values) AS c (key, value) WHERE c.key <> ALL (changed);
        END IF;
    END IF;

    outcome := 0;
    number := st.commits + 1;
    SELECT count(*), coalesce(sum(octet_length(s.key) + octet_length(s.value)), 0) INTO keys_before, bytes_before
    FROM unnest(kept_keys) AS c (key) JOIN state s ON s.school = st.id AND s.key = c.key;
    SELECT count(c.value), coalesce(sum(octet_length(c.key) + octet_length(c.value)), 0) INTO keys_after, bytes_after
    FROM unnest(kept_keys, kept_values) AS c (key, value);

    IF p_tick_after IS NOT NULL OR number - st.kept_from > p_most_kept THEN
        DELETE FROM past p WHERE p.school = st.id;
        st.kept_from := number;
    ELSE
        INSERT INTO past SELECT st.id, c.key, number, s.value
        FROM unnest(kept_keys) AS c (key) LEFT JOIN state s ON s.school = st.id AND s.key = c.key;
    END IF;
    DELETE FROM state s USING unnest(kept_keys, kept_values) AS c (key, value)
    WHERE s.school = st.id AND s.key = c.key AND c.value IS NULL;
    INSERT INTO state AS s SELECT st.id, c.key, c.value FROM unnest(kept_keys, kept_values) AS c (key, value)
    WHERE c.value IS NOT NULL ON CONFLICT (school, key) DO UPDATE SET value = excluded.value;

    INSERT INTO outbox SELECT st.id, 0, st.records + r.place, r.payload, r.subject
    FROM unnest(p_records, p_subjects) WITH ORDINALITY AS r (payload, subject, place);
    INSERT INTO outbox SELECT st.id, 1, st.mails + m.place, m.payload
    FROM unnest(p_mails) WITH ORDINALITY AS m (payload, place);
    IF p_push IS NOT NULL THEN
        DELETE FROM push p WHERE p.school = st.id AND p.taken_at < p_forget_before;
        INSERT INTO push VALUES (st.id, p_push, p_at)
        ON CONFLICT (school, id) DO UPDATE SET taken_at = excluded.taken_at;
    END IF;

    UPDATE standing s SET
        commits = number, last_commit_at = p_at, fence = p_fence, kept_from = st.kept_from,
        keys = st.keys - keys_before + keys_after, bytes = st.bytes - bytes_before + bytes_after,
        records = st.records + cardinality(p_records), mails = st.mails + cardinality(p_mails),
        mails_before_hour = CASE WHEN floor(st.last_commit_at / 3600.0) = floor(p_at / 3600.0)
            THEN st.mails_before_hour ELSE st.mails END,
        note = CASE WHEN p_clears_note THEN NULL ELSE st.note END,
        note_times = CASE WHEN p_clears_note THEN 0 ELSE st.note_times END,
        failing_since = p_failing_since, failing_ticks = p_failing_ticks, failing_told = p_failing_told
    WHERE s.id = st.id;
END
$$;

-- Takes items out of an outbox and keeps those that were refused. Sequences are given once each.
CREATE FUNCTION acknowledge(
    p_school text, p_lane smallint, p_sequences bigint[], p_reasons bytea[], p_refused_kept bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    st standing := lock_standing(p_school);
BEGIN
    WITH gone AS (
        DELETE FROM outbox o WHERE o.school = st.id AND o.lane = p_lane AND o.sequence = ANY (p_sequences)
        RETURNING o.sequence, o.payload
    )
    INSERT INTO refused SELECT st.id, p_lane, g.sequence, g.payload, a.reason
    FROM gone g JOIN unnest(p_sequences, p_reasons) AS a (sequence, reason) ON a.sequence = g.sequence
    WHERE a.reason IS NOT NULL;
    DELETE FROM refused r WHERE r.school = st.id AND r.lane = p_lane AND r.sequence <= (
        SELECT f.sequence FROM refused f WHERE f.school = st.id AND f.lane = p_lane
        ORDER BY f.sequence DESC LIMIT 1 OFFSET p_refused_kept
    );
END
$$;

-- Sets the note of a tick, or with none removes it.
CREATE FUNCTION leave_note(p_school text, p_note bytea, p_times bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    st standing := lock_standing(p_school);
BEGIN
    UPDATE standing s SET note = p_note, note_times = p_times WHERE s.id = st.id;
END
$$;

-- Raises the fence of a school and returns it.
CREATE FUNCTION raise_fence(p_school text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    st standing := lock_standing(p_school);
BEGIN
    UPDATE standing s SET fence = st.fence + 1 WHERE s.id = st.id;
    RETURN st.fence + 1;
END
$$;

-- Forgets a school. A school that comes back gets another number.
CREATE FUNCTION remove_school(p_school text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    st standing := lock_standing(p_school);
BEGIN
    DELETE FROM state t WHERE t.school = st.id;
    DELETE FROM past t WHERE t.school = st.id;
    DELETE FROM outbox t WHERE t.school = st.id;
    DELETE FROM refused t WHERE t.school = st.id;
    DELETE FROM push t WHERE t.school = st.id;
    DELETE FROM standing t WHERE t.id = st.id;
END
$$;

-- The processes that share this database, each with the moment of its last sign of life by this database's clock.
CREATE TABLE node (
    id text COLLATE "C" PRIMARY KEY,
    address text NOT NULL,
    seen_at timestamptz NOT NULL
);

-- The schools that are to be ticked, each with the process that ticks it. The number of a lease is the fence in
-- `standing`, which every claim raises.
CREATE TABLE lease (
    school text COLLATE "C" PRIMARY KEY,
    node text COLLATE "C"
);
CREATE INDEX lease_by_node ON lease (node);
