-- The tables of Sendonce, version 1. Times are BIGINT microseconds since 1970-01-01T00:00:00Z, but for the
-- one that applications write. Digests are BYTEA of 32 bytes. Only outbox, outbox_queue, outbox_route and
-- outbox_projector ever lose or change rows.
-- Texts that are compared or ordered have the collation "C": they are compared as bytes, whatever the
-- database's locale is.

-- The intake: events that were committed by the application and are not in the log yet.
CREATE TABLE outbox (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          TEXT COLLATE "C",
    event_type  TEXT COLLATE "C" NOT NULL,
    source      TEXT COLLATE "C" NOT NULL DEFAULT '',
    subject     TEXT COLLATE "C",
    payload     TEXT COLLATE "C" NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    traceparent TEXT COLLATE "C",
    CONSTRAINT event_type_must_have_1_to_200_bytes
        CHECK (octet_length(event_type) BETWEEN 1 AND 200),
    CONSTRAINT event_type_may_hold_only_letters_digits_dot_colon_slash_hyphen
        CHECK (event_type ~ '^[-A-Za-z0-9_.:/]*$'),
    CONSTRAINT event_type_must_not_start_with_sendonce
        CHECK (event_type NOT LIKE 'sendonce.%'),
    CONSTRAINT payload_must_be_a_json_object
        CHECK (json_typeof(payload::json) = 'object'),
    CONSTRAINT payload_must_not_exceed_1048576_bytes
        CHECK (octet_length(payload) <= 1048576),
    CONSTRAINT occurred_at_must_lie_in_the_years_1970_to_9999
        CHECK (occurred_at >= '1970-01-01T00:00:00Z' AND occurred_at < '10000-01-01T00:00:00Z'),
    CONSTRAINT id_must_have_1_to_1000_bytes CHECK (octet_length(id) BETWEEN 1 AND 1000),
    CONSTRAINT source_must_not_exceed_1000_bytes CHECK (octet_length(source) <= 1000),
    CONSTRAINT subject_must_not_exceed_1000_bytes CHECK (octet_length(subject) <= 1000),
    CONSTRAINT traceparent_must_not_exceed_1000_bytes CHECK (octet_length(traceparent) <= 1000)
) WITH (autovacuum_vacuum_scale_factor = 0.02);

-- The log: every event in the order in which it was decided.
CREATE TABLE outbox_log (
    position    BIGINT PRIMARY KEY,
    id          TEXT COLLATE "C",
    event_type  TEXT COLLATE "C" NOT NULL,
    source      TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C",
    payload     TEXT COLLATE "C" NOT NULL,
    occurred_at BIGINT NOT NULL,
    traceparent TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    link        BYTEA NOT NULL CHECK (octet_length(link) = 32)
);
CREATE INDEX outbox_log_by_id ON outbox_log (id, source) WHERE id IS NOT NULL;
CREATE INDEX outbox_log_by_subject ON outbox_log (subject) WHERE subject IS NOT NULL;

-- One file of a rule set; all files of one digest together are the rule set.
CREATE TABLE outbox_rule_set (
    digest  BYTEA NOT NULL CHECK (octet_length(digest) = 32),
    name    TEXT COLLATE "C" NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (digest, name)
);

-- From which position which rule set is in force, by whose act and why.
CREATE TABLE outbox_activation (
    position    BIGINT PRIMARY KEY REFERENCES outbox_log (position),
    digest      BYTEA NOT NULL CHECK (octet_length(digest) = 32),
    actor       TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL
);
CREATE INDEX outbox_activation_by_digest ON outbox_activation (digest);

-- The scope of each rule's keys at an activation; the digest alone does not say what a rule was called
-- before.
CREATE TABLE outbox_scope (
    position BIGINT NOT NULL REFERENCES outbox_activation (position),
    rule     TEXT COLLATE "C" NOT NULL,
    scope    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (position, rule)
);

-- What was concluded for one event and one rule. What a backfill concluded stands at the backfill's position and
-- names the past event that it is about.
CREATE TABLE outbox_decision (
    position  BIGINT NOT NULL,
    rule      TEXT COLLATE "C" NOT NULL,
    item      BIGINT NOT NULL,
    reason    TEXT COLLATE "C" NOT NULL CHECK (reason IN ('emitted', 'duplicate', 'within_window',
        'repeated_event', 'condition_false', 'no_rule', 'key_missing', 'key_invalid', 'recipient_missing',
        'recipient_invalid', 'param_missing', 'payload_invalid', 'cancels', 'cancels_nothing', 'control')),
    key       TEXT COLLATE "C",
    recipient TEXT COLLATE "C",
    winner    BIGINT,
    until     BIGINT,
    detail    TEXT COLLATE "C",
    command   UUID,
    event     BIGINT,
    PRIMARY KEY (position, rule, item),
    CONSTRAINT command_stands_with_emitted_and_cancels
        CHECK ((command IS NOT NULL) = (reason IN ('emitted', 'cancels'))),
    CONSTRAINT winner_stands_with_duplicate_within_window_and_repeated_event
        CHECK ((winner IS NOT NULL) = (reason IN ('duplicate', 'within_window', 'repeated_event'))),
    CONSTRAINT until_stands_with_within_window CHECK ((until IS NOT NULL) = (reason = 'within_window')),
    CONSTRAINT detail_stands_with_reasons_that_name_something
        CHECK (CASE WHEN reason IN ('key_missing', 'key_invalid', 'recipient_invalid', 'param_missing',
            'payload_invalid', 'control') THEN detail IS NOT NULL
            ELSE detail IS NULL OR reason = 'condition_false' END),
    CONSTRAINT emitted_has_key_and_recipient
        CHECK (reason <> 'emitted' OR (key IS NOT NULL AND recipient IS NOT NULL)),
    CONSTRAINT event_stands_before_position CHECK (event >= 1 AND event < position)
);
CREATE INDEX outbox_decision_by_winner ON outbox_decision (winner) WHERE winner IS NOT NULL;
CREATE INDEX outbox_decision_by_event ON outbox_decision (event) WHERE event IS NOT NULL;
CREATE INDEX outbox_decision_refused ON outbox_decision (left(recipient, 300))
    WHERE winner IS NULL AND command IS NULL AND recipient IS NOT NULL;

-- Which command won each key, for ever.
CREATE TABLE outbox_ledger (
    key_digest  BYTEA NOT NULL CHECK (octet_length(key_digest) = 32),
    slot        TEXT COLLATE "C" NOT NULL,
    generation  BIGINT NOT NULL CHECK (generation >= 1),
    scope       TEXT COLLATE "C" NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    position    BIGINT NOT NULL,
    occurred_at BIGINT NOT NULL,
    command     UUID NOT NULL,
    number      BIGINT NOT NULL
);
-- The digest alone would be key enough; the beginning of the text stands before it so that keys that resemble
-- each other, such as ascending order numbers, are neighbours. A whole key may be longer than a row of an
-- index may be.
CREATE UNIQUE INDEX outbox_ledger_key ON outbox_ledger (left(key, 200), key_digest, slot, generation);

-- The instruction to send one message.
CREATE TABLE outbox_command (
    number           BIGINT PRIMARY KEY,
    id               UUID NOT NULL UNIQUE,
    position         BIGINT NOT NULL,
    rule             TEXT COLLATE "C" NOT NULL,
    item             BIGINT NOT NULL,
    key              TEXT COLLATE "C" NOT NULL,
    key_digest       BYTEA NOT NULL CHECK (octet_length(key_digest) = 32),
    slot             TEXT COLLATE "C" NOT NULL,
    generation       BIGINT NOT NULL CHECK (generation >= 1),
    rule_set         BYTEA NOT NULL CHECK (octet_length(rule_set) = 32),
    recipient        TEXT COLLATE "C" NOT NULL,
    route            TEXT COLLATE "C" NOT NULL,
    occurred_at      BIGINT NOT NULL,
    not_before       BIGINT NOT NULL,
    expires_at       BIGINT,
    on_unknown       TEXT COLLATE "C" CHECK (on_unknown IN ('hold', 'retry', 'look_up')),
    supersede_digest BYTEA CHECK (octet_length(supersede_digest) = 32)
);
CREATE INDEX outbox_command_by_recipient ON outbox_command (recipient);

-- Commands that are not finished. Pages are left half empty and autovacuum comes early, because every row
-- changes and goes.
CREATE TABLE outbox_queue (
    command          BIGINT PRIMARY KEY,
    state            TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'sending', 'unknown', 'held')),
    due_at           BIGINT NOT NULL,
    route            TEXT COLLATE "C" NOT NULL,
    supersede_digest BYTEA,
    lease_end        BIGINT,
    token            BIGINT NOT NULL DEFAULT 0 CHECK (token >= 0),
    attempts         BIGINT NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    counted          BIGINT NOT NULL DEFAULT 0 CHECK (counted BETWEEN 0 AND attempts),
    first_unsure_at  BIGINT,
    request_digest   BYTEA CHECK (octet_length(request_digest) = 32),
    hold_reason      TEXT COLLATE "C" CHECK (hold_reason IN ('operator', 'unknown_outcome',
        'template_error', 'restored', 'fence')),
    hold_detail      TEXT COLLATE "C",
    held_at          BIGINT,
    cancelled_by     BIGINT,
    superseded_by    BIGINT,
    CONSTRAINT lease_stands_with_sending CHECK ((lease_end IS NOT NULL) = (state = 'sending')),
    CONSTRAINT sending_has_an_attempt CHECK (state <> 'sending' OR (attempts > 0 AND token > 0)),
    CONSTRAINT hold_reason_stands_with_held CHECK ((hold_reason IS NOT NULL) = (state = 'held')),
    CONSTRAINT held_at_stands_with_held CHECK ((held_at IS NOT NULL) = (state = 'held')),
    CONSTRAINT hold_detail_stands_with_held CHECK (hold_detail IS NULL OR state = 'held'),
    CONSTRAINT unknown_has_a_first_unsure_attempt CHECK (state <> 'unknown' OR first_unsure_at IS NOT NULL),
    CONSTRAINT request_stands_with_attempts CHECK (request_digest IS NOT NULL OR attempts = 0)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX outbox_queue_due ON outbox_queue (route, due_at) WHERE state IN ('pending', 'unknown');
CREATE INDEX outbox_queue_leased ON outbox_queue (lease_end, route) WHERE state = 'sending';
CREATE INDEX outbox_queue_held ON outbox_queue (held_at) WHERE state = 'held';
CREATE INDEX outbox_queue_superseding ON outbox_queue (supersede_digest)
    WHERE supersede_digest IS NOT NULL AND superseded_by IS NULL;

-- One try to send, recorded before its first byte leaves. That its command exists is checked by a trigger of
-- each statement, here and below: a foreign key would lock, and so rewrite, each row that it points at.
CREATE TABLE outbox_attempt (
    command        BIGINT NOT NULL,
    attempt        BIGINT NOT NULL CHECK (attempt >= 1),
    token          BIGINT NOT NULL CHECK (token >= 1),
    route          TEXT COLLATE "C" NOT NULL,
    request_digest BYTEA NOT NULL CHECK (octet_length(request_digest) = 32),
    dispatcher     TEXT COLLATE "C" NOT NULL,
    started_at     BIGINT NOT NULL,
    PRIMARY KEY (command, attempt)
);
CREATE INDEX outbox_attempt_by_start ON outbox_attempt (route, started_at);

-- What one attempt came to.
CREATE TABLE outbox_outcome (
    command     BIGINT NOT NULL,
    attempt     BIGINT NOT NULL,
    outcome     TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('accepted', 'duplicate', 'rejected',
        'rejected_for_now', 'unknown')),
    counts      BIGINT NOT NULL CHECK (counts IN (0, 1)),
    code        TEXT COLLATE "C" NOT NULL,
    words       TEXT COLLATE "C" NOT NULL,
    message_id  TEXT COLLATE "C",
    retry_after BIGINT,
    trouble     TEXT COLLATE "C" CHECK (trouble IN ('account', 'credit', 'throttled', 'server')),
    status      BIGINT,
    issues      BIGINT NOT NULL CHECK (issues >= 0),
    finished_at BIGINT NOT NULL,
    PRIMARY KEY (command, attempt)
);
CREATE INDEX outbox_outcome_by_message_id ON outbox_outcome (left(message_id, 500))
    WHERE message_id IS NOT NULL;

-- What a dispatcher reported about an attempt after it had lost the command.
CREATE TABLE outbox_late_answer (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command     BIGINT NOT NULL,
    attempt     BIGINT NOT NULL,
    token       BIGINT NOT NULL,
    outcome     TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('accepted', 'duplicate', 'rejected',
        'rejected_for_now', 'unknown')),
    counts      BIGINT NOT NULL CHECK (counts IN (0, 1)),
    code        TEXT COLLATE "C" NOT NULL,
    words       TEXT COLLATE "C" NOT NULL,
    message_id  TEXT COLLATE "C",
    retry_after BIGINT,
    trouble     TEXT COLLATE "C" CHECK (trouble IN ('account', 'credit', 'throttled', 'server')),
    status      BIGINT,
    issues      BIGINT NOT NULL CHECK (issues >= 0),
    finished_at BIGINT NOT NULL
);
CREATE INDEX outbox_late_answer_by_attempt ON outbox_late_answer (command, attempt);
CREATE INDEX outbox_late_answer_by_message_id ON outbox_late_answer (left(message_id, 500))
    WHERE message_id IS NOT NULL;

-- How a command ended.
CREATE TABLE outbox_finish (
    command BIGINT PRIMARY KEY,
    state   TEXT COLLATE "C" NOT NULL CHECK (state IN ('accepted', 'rejected', 'dead', 'expired',
        'cancelled', 'superseded', 'suppressed')),
    at      BIGINT NOT NULL,
    cause   BIGINT
);

-- Every hold, and every end that a gate gave: a queue row shows only the latest.
CREATE TABLE outbox_gate (
    number  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    gate    TEXT COLLATE "C" NOT NULL CHECK (gate IN ('operator', 'unknown_outcome', 'template_error',
        'restored', 'fence', 'accepted', 'rejected', 'dead', 'expired', 'cancelled', 'superseded',
        'suppressed')),
    cause   BIGINT,
    detail  TEXT COLLATE "C"
);
CREATE INDEX outbox_gate_by_command ON outbox_gate (command);

-- What people did to commands: who, when, why, and under which name, so that nothing is done twice.
CREATE TABLE outbox_act (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request     TEXT COLLATE "C" NOT NULL UNIQUE CHECK (request <> ''),
    act         TEXT COLLATE "C" NOT NULL CHECK (act IN ('hold', 'release', 'cancel', 'resolve_accepted',
        'resolve_not_accepted', 'lift_fence')),
    actor       TEXT COLLATE "C" NOT NULL CHECK (actor <> ''),
    reason      TEXT COLLATE "C" NOT NULL CHECK (reason <> ''),
    selection   TEXT COLLATE "C" NOT NULL,
    commands    BIGINT NOT NULL CHECK (commands >= 0),
    recorded_at BIGINT NOT NULL
);

-- Which commands an act touched, and how each stood before.
CREATE TABLE outbox_act_command (
    act         BIGINT NOT NULL REFERENCES outbox_act (number),
    command     BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'sending', 'unknown', 'held')),
    hold_reason TEXT COLLATE "C" CHECK (hold_reason IN ('operator', 'unknown_outcome', 'template_error',
        'restored', 'fence')),
    PRIMARY KEY (act, command)
);
CREATE INDEX outbox_act_command_by_command ON outbox_act_command (command);

-- A row to lock for each route that has limits: who claims of it counts, and nobody else claims meanwhile. No
-- command of the route that is being sent has a lease that ends before sending_from, so that the count need not
-- wade through what was sent long ago.
CREATE TABLE outbox_route (
    route        TEXT COLLATE "C" PRIMARY KEY,
    sending_from BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

-- Who projects: one process at a time, until lease_end by the database's clock. Every projector transaction
-- locks this row; the token grows with each change of hands.
CREATE TABLE outbox_projector (
    only_row  BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
    holder    TEXT COLLATE "C" NOT NULL,
    token     BIGINT NOT NULL CHECK (token >= 0),
    lease_end BIGINT NOT NULL
) WITH (fillfactor = 10);
INSERT INTO outbox_projector (holder, token, lease_end) VALUES ('', 0, 0);

-- For people with SQL: a command with its state word.
CREATE VIEW outbox_message AS
SELECT c.number, c.id, c.position, c.rule, c.key, c.slot, c.generation, c.recipient, c.route,
    coalesce(f.state, q.state) AS state, q.hold_reason, q.hold_detail,
    timestamptz '1970-01-01T00:00:00Z' + q.due_at * interval '1 microsecond' AS due_at,
    timestamptz '1970-01-01T00:00:00Z' + f.at * interval '1 microsecond' AS finished_at,
    (SELECT count(*) FROM outbox_attempt a WHERE a.command = c.number) AS attempts
FROM outbox_command c
LEFT JOIN outbox_queue q ON q.command = c.number
LEFT JOIN outbox_finish f ON f.command = c.number;

-- Append-only. Statement triggers, so that a row costs nothing; the functions keep the search path of the
-- migration, so that nobody's own tables are taken for these.

CREATE FUNCTION outbox_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER outbox_no_update BEFORE UPDATE ON outbox
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox: an event is a fact and is never changed; insert another event');
CREATE TRIGGER outbox_no_truncate BEFORE TRUNCATE ON outbox
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox: events that are not in the log yet would be lost');
CREATE TRIGGER outbox_queue_no_truncate BEFORE TRUNCATE ON outbox_queue
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_queue: commands that are not finished would be lost');

CREATE FUNCTION outbox_log_no_hole() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    first_added BIGINT;
    last_added BIGINT;
    added_rows BIGINT;
BEGIN
    SELECT min(position), max(position), count(*) INTO first_added, last_added, added_rows FROM added;
    IF added_rows > 0 AND (last_added - first_added + 1 <> added_rows
        OR last_added <> (SELECT max(position) FROM outbox_log)
        OR (first_added <> 1 AND NOT EXISTS
            (SELECT 1 FROM outbox_log WHERE position = first_added - 1)))
    THEN
        RAISE EXCEPTION 'outbox_log is append-only: the next position follows the last one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_log_no_hole AFTER INSERT ON outbox_log REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_log_no_hole();

-- What one statement adds are mostly neighbours: then one look at their whole range shows what a look for
-- each row would. A range is looked at only if it has at most twice as many numbers as rows were added.

CREATE FUNCTION outbox_needs_attempt() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    lowest BIGINT;
    highest BIGINT;
    added_rows BIGINT;
    first_attempt BIGINT;
    last_attempt BIGINT;
BEGIN
    SELECT min(command), max(command), count(*), min(attempt), max(attempt)
        INTO lowest, highest, added_rows, first_attempt, last_attempt FROM added;
    IF highest - lowest < 2 * added_rows AND first_attempt = last_attempt
        AND (SELECT count(*) FROM outbox_attempt t WHERE t.command BETWEEN lowest AND highest
            AND t.attempt = first_attempt) > highest - lowest
    THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT 1 FROM added a WHERE NOT EXISTS
        (SELECT 1 FROM outbox_attempt t WHERE t.command = a.command AND t.attempt = a.attempt))
    THEN
        RAISE EXCEPTION '%: there is no such attempt', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION outbox_attempt_fits() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    lowest BIGINT;
    highest BIGINT;
    added_rows BIGINT;
BEGIN
    SELECT min(command), max(command), count(*) INTO lowest, highest, added_rows FROM added;
    IF highest - lowest < 2 * added_rows
        AND (SELECT count(*) FROM outbox_command WHERE number BETWEEN lowest AND highest) > highest - lowest
        AND NOT EXISTS (SELECT 1 FROM outbox_finish WHERE command BETWEEN lowest AND highest)
    THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT 1 FROM added a
        WHERE NOT EXISTS (SELECT 1 FROM outbox_command c WHERE c.number = a.command))
    THEN
        RAISE EXCEPTION 'outbox_attempt: there is no such command' USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM added a JOIN outbox_finish f ON f.command = a.command) THEN
        RAISE EXCEPTION 'outbox_attempt: a finished command gets no further attempt'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION outbox_finish_fits() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    lowest BIGINT;
    highest BIGINT;
    added_rows BIGINT;
BEGIN
    SELECT min(command), max(command), count(*) INTO lowest, highest, added_rows FROM added;
    IF highest - lowest < 2 * added_rows
        AND (SELECT count(*) FROM outbox_command WHERE number BETWEEN lowest AND highest) > highest - lowest
        AND NOT EXISTS (SELECT 1 FROM outbox_queue WHERE command BETWEEN lowest AND highest)
    THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT 1 FROM added a
        WHERE NOT EXISTS (SELECT 1 FROM outbox_command c WHERE c.number = a.command))
    THEN
        RAISE EXCEPTION 'outbox_finish: there is no such command' USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM added a JOIN outbox_queue q ON q.command = a.command) THEN
        RAISE EXCEPTION 'outbox_finish: a queued command is finished by its dispatcher'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION outbox_needs_command() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added a
        WHERE NOT EXISTS (SELECT 1 FROM outbox_command c WHERE c.number = a.command))
    THEN
        RAISE EXCEPTION '%: there is no such command', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER outbox_attempt_fits AFTER INSERT ON outbox_attempt REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_attempt_fits();
CREATE TRIGGER outbox_outcome_needs_attempt AFTER INSERT ON outbox_outcome REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_needs_attempt();
CREATE TRIGGER outbox_late_answer_needs_attempt AFTER INSERT ON outbox_late_answer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION outbox_needs_attempt();
CREATE TRIGGER outbox_finish_fits AFTER INSERT ON outbox_finish REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_finish_fits();
CREATE TRIGGER outbox_gate_needs_command AFTER INSERT ON outbox_gate REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_needs_command();

CREATE TRIGGER outbox_log_no_update BEFORE UPDATE ON outbox_log
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_log is append-only: a row is never changed');
CREATE TRIGGER outbox_log_no_delete BEFORE DELETE ON outbox_log
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_log is append-only: a row is never deleted');
CREATE TRIGGER outbox_log_no_truncate BEFORE TRUNCATE ON outbox_log
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_log is append-only: a row is never deleted');

CREATE TRIGGER outbox_rule_set_no_update BEFORE UPDATE ON outbox_rule_set
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_rule_set is append-only: a row is never changed');
CREATE TRIGGER outbox_rule_set_no_delete BEFORE DELETE ON outbox_rule_set
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_rule_set is append-only: a row is never deleted');
CREATE TRIGGER outbox_rule_set_no_truncate BEFORE TRUNCATE ON outbox_rule_set
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_rule_set is append-only: a row is never deleted');

CREATE TRIGGER outbox_activation_no_update BEFORE UPDATE ON outbox_activation
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_activation is append-only: a row is never changed');
CREATE TRIGGER outbox_activation_no_delete BEFORE DELETE ON outbox_activation
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_activation is append-only: a row is never deleted');
CREATE TRIGGER outbox_activation_no_truncate BEFORE TRUNCATE ON outbox_activation
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_activation is append-only: a row is never deleted');

CREATE TRIGGER outbox_scope_no_update BEFORE UPDATE ON outbox_scope
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_scope is append-only: a row is never changed');
CREATE TRIGGER outbox_scope_no_delete BEFORE DELETE ON outbox_scope
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_scope is append-only: a row is never deleted');
CREATE TRIGGER outbox_scope_no_truncate BEFORE TRUNCATE ON outbox_scope
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_scope is append-only: a row is never deleted');

CREATE TRIGGER outbox_decision_no_update BEFORE UPDATE ON outbox_decision
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_decision is append-only: a row is never changed');
CREATE TRIGGER outbox_decision_no_delete BEFORE DELETE ON outbox_decision
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_decision is append-only: a row is never deleted');
CREATE TRIGGER outbox_decision_no_truncate BEFORE TRUNCATE ON outbox_decision
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_decision is append-only: a row is never deleted');

CREATE TRIGGER outbox_ledger_no_update BEFORE UPDATE ON outbox_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_ledger is append-only: a row is never changed');
CREATE TRIGGER outbox_ledger_no_delete BEFORE DELETE ON outbox_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_ledger is append-only: a row is never deleted');
CREATE TRIGGER outbox_ledger_no_truncate BEFORE TRUNCATE ON outbox_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_ledger is append-only: a row is never deleted');

CREATE TRIGGER outbox_command_no_update BEFORE UPDATE ON outbox_command
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_command is append-only: a row is never changed');
CREATE TRIGGER outbox_command_no_delete BEFORE DELETE ON outbox_command
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_command is append-only: a row is never deleted');
CREATE TRIGGER outbox_command_no_truncate BEFORE TRUNCATE ON outbox_command
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_command is append-only: a row is never deleted');

CREATE TRIGGER outbox_attempt_no_update BEFORE UPDATE ON outbox_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_attempt is append-only: a row is never changed');
CREATE TRIGGER outbox_attempt_no_delete BEFORE DELETE ON outbox_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_attempt is append-only: a row is never deleted');
CREATE TRIGGER outbox_attempt_no_truncate BEFORE TRUNCATE ON outbox_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_attempt is append-only: a row is never deleted');

CREATE TRIGGER outbox_outcome_no_update BEFORE UPDATE ON outbox_outcome
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_outcome is append-only: a row is never changed');
CREATE TRIGGER outbox_outcome_no_delete BEFORE DELETE ON outbox_outcome
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_outcome is append-only: a row is never deleted');
CREATE TRIGGER outbox_outcome_no_truncate BEFORE TRUNCATE ON outbox_outcome
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_outcome is append-only: a row is never deleted');

CREATE TRIGGER outbox_late_answer_no_update BEFORE UPDATE ON outbox_late_answer
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_late_answer is append-only: a row is never changed');
CREATE TRIGGER outbox_late_answer_no_delete BEFORE DELETE ON outbox_late_answer
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_late_answer is append-only: a row is never deleted');
CREATE TRIGGER outbox_late_answer_no_truncate BEFORE TRUNCATE ON outbox_late_answer
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_late_answer is append-only: a row is never deleted');

CREATE TRIGGER outbox_finish_no_update BEFORE UPDATE ON outbox_finish
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_finish is append-only: a row is never changed');
CREATE TRIGGER outbox_finish_no_delete BEFORE DELETE ON outbox_finish
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_finish is append-only: a row is never deleted');
CREATE TRIGGER outbox_finish_no_truncate BEFORE TRUNCATE ON outbox_finish
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_finish is append-only: a row is never deleted');

CREATE TRIGGER outbox_gate_no_update BEFORE UPDATE ON outbox_gate
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_gate is append-only: a row is never changed');
CREATE TRIGGER outbox_gate_no_delete BEFORE DELETE ON outbox_gate
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_gate is append-only: a row is never deleted');
CREATE TRIGGER outbox_gate_no_truncate BEFORE TRUNCATE ON outbox_gate
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_gate is append-only: a row is never deleted');

CREATE TRIGGER outbox_act_command_needs_command AFTER INSERT ON outbox_act_command
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION outbox_needs_command();
CREATE TRIGGER outbox_act_no_update BEFORE UPDATE ON outbox_act
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_act is append-only: a row is never changed');
CREATE TRIGGER outbox_act_no_delete BEFORE DELETE ON outbox_act
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_act is append-only: a row is never deleted');
CREATE TRIGGER outbox_act_no_truncate BEFORE TRUNCATE ON outbox_act
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_act is append-only: a row is never deleted');

CREATE TRIGGER outbox_act_command_no_update BEFORE UPDATE ON outbox_act_command
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_act_command is append-only: a row is never changed');
CREATE TRIGGER outbox_act_command_no_delete BEFORE DELETE ON outbox_act_command
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_act_command is append-only: a row is never deleted');
CREATE TRIGGER outbox_act_command_no_truncate BEFORE TRUNCATE ON outbox_act_command
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_act_command is append-only: a row is never deleted');

-- Where the log is in force. No row: here, as ever; else the newest row says how this database stands. Each
-- claim and each projector transaction reads it; who changes it locks the table against all of them.
CREATE TABLE outbox_authority (
    number      BIGINT PRIMARY KEY,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('in_force', 'copy', 'moved', 'given_up')),
    transfer    TEXT COLLATE "C" NOT NULL CHECK (transfer <> ''),
    place       TEXT COLLATE "C" NOT NULL,
    actor       TEXT COLLATE "C" NOT NULL CHECK (actor <> ''),
    reason      TEXT COLLATE "C" NOT NULL CHECK (reason <> ''),
    digest      BYTEA CHECK (octet_length(digest) = 32),
    recorded_at BIGINT NOT NULL,
    CONSTRAINT digest_stands_with_copy_and_in_force CHECK (digest IS NULL OR state IN ('copy', 'in_force'))
);
CREATE TRIGGER outbox_authority_no_update BEFORE UPDATE ON outbox_authority
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_authority is append-only: a row is never changed');
CREATE TRIGGER outbox_authority_no_delete BEFORE DELETE ON outbox_authority
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_authority is append-only: a row is never deleted');
CREATE TRIGGER outbox_authority_no_truncate BEFORE TRUNCATE ON outbox_authority
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_authority is append-only: a row is never deleted');

-- A log in force may be fenced at any time, under a name that was never used here. A fence is lifted by the
-- transfer that put it there only: a copy after both sides were compared, a moved log when it is taken back.
CREATE FUNCTION outbox_authority_follows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    last outbox_authority;
    follows BOOLEAN;
BEGIN
    SELECT * INTO last FROM outbox_authority ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 THEN
        RAISE EXCEPTION 'outbox_authority is append-only: the next number follows the last one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    follows := CASE coalesce(last.state, 'in_force')
        WHEN 'moved' THEN NEW.transfer = last.transfer AND NEW.state = 'in_force'
        WHEN 'copy' THEN NEW.transfer = last.transfer AND (NEW.state IN ('copy', 'given_up')
            OR (NEW.state = 'in_force' AND last.digest IS NOT NULL))
        WHEN 'given_up' THEN false
        ELSE NEW.state IN ('moved', 'copy')
            AND NOT EXISTS (SELECT 1 FROM outbox_authority a WHERE a.transfer = NEW.transfer) END;
    IF NOT follows THEN
        RAISE EXCEPTION 'outbox_authority: this does not follow from how the database stands'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outbox_authority_follows BEFORE INSERT ON outbox_authority
    FOR EACH ROW EXECUTE FUNCTION outbox_authority_follows();

-- At which home the log is in force: which database of which cluster. The newest row counts. A copy finds
-- another home here than its own, and fences itself. Each claim and each projector transaction reads it; who
-- puts up a fence locks the table against all of them.
CREATE TABLE outbox_home (
    number          BIGINT PRIMARY KEY,
    state           TEXT COLLATE "C" NOT NULL CHECK (state IN ('bound', 'fenced')),
    home            BYTEA NOT NULL CHECK (octet_length(home) = 32),
    place           TEXT COLLATE "C" NOT NULL,
    actor           TEXT COLLATE "C" NOT NULL CHECK (actor <> ''),
    reason          TEXT COLLATE "C" NOT NULL CHECK (reason <> ''),
    suspect_through BIGINT NOT NULL CHECK (suspect_through >= 0),
    recorded_at     BIGINT NOT NULL
);
CREATE TRIGGER outbox_home_no_update BEFORE UPDATE ON outbox_home
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_home is append-only: a row is never changed');
CREATE TRIGGER outbox_home_no_delete BEFORE DELETE ON outbox_home
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_home is append-only: a row is never deleted');
CREATE TRIGGER outbox_home_no_truncate BEFORE TRUNCATE ON outbox_home
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_home is append-only: a row is never deleted');

-- From one home to another leads only a fence that a person lifts.
CREATE FUNCTION outbox_home_follows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    last outbox_home;
BEGIN
    SELECT * INTO last FROM outbox_home ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 THEN
        RAISE EXCEPTION 'outbox_home is append-only: the next number follows the last one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state = last.state THEN
        RAISE EXCEPTION 'outbox_home: this does not follow from how the database stands'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outbox_home_follows BEFORE INSERT ON outbox_home
    FOR EACH ROW EXECUTE FUNCTION outbox_home_follows();

-- Which intake rows of the place that a log came from are here, and under which number: each arrives once.
CREATE TABLE outbox_arrival (
    transfer TEXT COLLATE "C" NOT NULL,
    origin   BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    PRIMARY KEY (transfer, origin)
);
CREATE TRIGGER outbox_arrival_no_update BEFORE UPDATE ON outbox_arrival
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_arrival is append-only: a row is never changed');
CREATE TRIGGER outbox_arrival_no_delete BEFORE DELETE ON outbox_arrival
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_arrival is append-only: a row is never deleted');
CREATE TRIGGER outbox_arrival_no_truncate BEFORE TRUNCATE ON outbox_arrival
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse(
    'outbox_arrival is append-only: a row is never deleted');
