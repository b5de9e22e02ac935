-- The tables of Sendonce, version 1. Times are INTEGER microseconds since 1970-01-01T00:00:00Z, but for the
-- one that applications write as text. Digests are BLOBs of 32 bytes. Only outbox and outbox_queue ever lose
-- or change rows.
-- Lists of words in CHECKs are written out with OR: for an IN list SQLite builds a temporary table at every
-- insert, which costs more than the insert itself.

-- The intake: events that were committed by the application and are not in the log yet.
CREATE TABLE outbox (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT,
    event_type  TEXT NOT NULL,
    source      TEXT NOT NULL DEFAULT '',
    subject     TEXT,
    payload     TEXT NOT NULL,
    occurred_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    traceparent TEXT,
    CONSTRAINT event_type_must_have_1_to_200_bytes
        CHECK (length(CAST(event_type AS BLOB)) BETWEEN 1 AND 200),
    CONSTRAINT event_type_may_hold_only_letters_digits_and_these_signs_dot_colon_slash_underscore_hyphen
        CHECK (event_type NOT GLOB '*[^-A-Za-z0-9_.:/]*'
            AND length(CAST(event_type AS BLOB)) = length(event_type)),
    CONSTRAINT event_type_must_not_start_with_sendonce
        CHECK (event_type NOT GLOB 'sendonce.*'),
    CONSTRAINT payload_must_be_a_json_object
        CHECK (CASE WHEN json_valid(payload) THEN json_type(payload) = 'object' ELSE 0 END),
    CONSTRAINT payload_must_not_exceed_1048576_bytes
        CHECK (length(CAST(payload AS BLOB)) <= 1048576),
    CONSTRAINT occurred_at_must_be_a_time_such_as_2026_11_21T22_04_05Z
        CHECK (occurred_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]*'
            AND substr(occurred_at, 12) NOT GLOB '*[^-+.:Z0-9]*'
            AND substr(occurred_at, 12, 2) < '24'
            AND length(CAST(occurred_at AS BLOB)) = length(occurred_at)
            AND date(substr(occurred_at, 1, 10), '+0 days') IS substr(occurred_at, 1, 10)
            AND julianday(occurred_at) IS NOT NULL),
    CONSTRAINT id_must_have_1_to_1000_bytes CHECK (length(CAST(id AS BLOB)) BETWEEN 1 AND 1000),
    CONSTRAINT source_must_not_exceed_1000_bytes CHECK (length(CAST(source AS BLOB)) <= 1000),
    CONSTRAINT subject_must_not_exceed_1000_bytes CHECK (length(CAST(subject AS BLOB)) <= 1000),
    CONSTRAINT occurred_at_must_not_exceed_1000_bytes CHECK (length(CAST(occurred_at AS BLOB)) <= 1000),
    CONSTRAINT traceparent_must_not_exceed_1000_bytes CHECK (length(CAST(traceparent AS BLOB)) <= 1000)
) STRICT;

-- A number given by hand could replace an undecided event, or use up all numbers. Where none is given, SQLite shows
-- -1 here.
CREATE TRIGGER outbox_no_number BEFORE INSERT ON outbox WHEN NEW.seq >= 0
BEGIN SELECT RAISE(ABORT, 'outbox: seq is assigned by the table; leave it out'); END;
CREATE TRIGGER outbox_no_update BEFORE UPDATE ON outbox
BEGIN SELECT RAISE(ABORT, 'outbox: an event is a fact and is never changed; insert another event'); END;

-- The log: every event in the order in which it was decided.
CREATE TABLE outbox_log (
    position    INTEGER PRIMARY KEY,
    id          TEXT,
    event_type  TEXT NOT NULL,
    source      TEXT NOT NULL,
    subject     TEXT,
    payload     TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    traceparent TEXT,
    recorded_at INTEGER NOT NULL,
    link        BLOB NOT NULL CHECK (length(link) = 32)
) STRICT;
CREATE INDEX outbox_log_by_id ON outbox_log (id, source) WHERE id IS NOT NULL;
CREATE INDEX outbox_log_by_subject ON outbox_log (subject) WHERE subject IS NOT NULL;

-- One file of a rule set; all files of one digest together are the rule set.
CREATE TABLE outbox_rule_set (
    digest  BLOB NOT NULL CHECK (length(digest) = 32),
    name    TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (digest, name)
) STRICT, WITHOUT ROWID;

-- From which position which rule set is in force, by whose act and why.
CREATE TABLE outbox_activation (
    position    INTEGER PRIMARY KEY REFERENCES outbox_log (position),
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    actor       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_activation_by_digest ON outbox_activation (digest);

-- The scope of each rule's keys at an activation; the digest alone does not say what a rule was called
-- before.
CREATE TABLE outbox_scope (
    position INTEGER NOT NULL REFERENCES outbox_activation (position),
    rule     TEXT NOT NULL,
    scope    TEXT NOT NULL,
    PRIMARY KEY (position, rule)
) STRICT, WITHOUT ROWID;

-- What was concluded for one event and one rule. What a backfill concluded stands at the backfill's position and
-- names the past event that it is about.
CREATE TABLE outbox_decision (
    position  INTEGER NOT NULL,
    rule      TEXT NOT NULL,
    item      INTEGER NOT NULL,
    reason    TEXT NOT NULL CHECK ((reason = 'emitted' OR reason = 'duplicate' OR reason = 'within_window'
        OR reason = 'repeated_event' OR reason = 'condition_false' OR reason = 'no_rule'
        OR reason = 'key_missing' OR reason = 'key_invalid' OR reason = 'recipient_missing'
        OR reason = 'recipient_invalid' OR reason = 'param_missing' OR reason = 'payload_invalid'
        OR reason = 'cancels' OR reason = 'cancels_nothing' OR reason = 'control')),
    key       TEXT,
    recipient TEXT,
    winner    INTEGER,
    until     INTEGER,
    detail    TEXT,
    command   TEXT,
    event     INTEGER,
    PRIMARY KEY (position, rule, item),
    CONSTRAINT command_stands_with_emitted_and_cancels
        CHECK ((command IS NOT NULL) = ((reason = 'emitted' OR reason = 'cancels'))),
    CONSTRAINT winner_stands_with_duplicate_within_window_and_repeated_event
        CHECK ((winner IS NOT NULL) = ((reason = 'duplicate' OR reason = 'within_window'
            OR reason = 'repeated_event'))),
    CONSTRAINT until_stands_with_within_window CHECK ((until IS NOT NULL) = (reason = 'within_window')),
    CONSTRAINT detail_stands_with_reasons_that_name_something
        CHECK (CASE WHEN (reason = 'key_missing' OR reason = 'key_invalid' OR reason = 'recipient_invalid'
            OR reason = 'param_missing' OR reason = 'payload_invalid' OR reason = 'control') THEN detail IS NOT NULL
            ELSE detail IS NULL OR reason = 'condition_false' END),
    CONSTRAINT emitted_has_key_and_recipient
        CHECK (reason <> 'emitted' OR (key IS NOT NULL AND recipient IS NOT NULL)),
    CONSTRAINT event_stands_before_position CHECK (event >= 1 AND event < position)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_decision_by_winner ON outbox_decision (winner) WHERE winner IS NOT NULL;
CREATE INDEX outbox_decision_by_event ON outbox_decision (event) WHERE event IS NOT NULL;
CREATE INDEX outbox_decision_refused ON outbox_decision (recipient)
    WHERE winner IS NULL AND command IS NULL AND recipient IS NOT NULL;

-- Which command won each key, for ever. The digest alone would be key enough; the text stands before it so
-- that keys that resemble each other, such as ascending order numbers, are neighbours: a random place for
-- each row halves the projector's speed.
CREATE TABLE outbox_ledger (
    key_digest  BLOB NOT NULL CHECK (length(key_digest) = 32),
    slot        TEXT NOT NULL,
    generation  INTEGER NOT NULL CHECK (generation >= 1),
    scope       TEXT NOT NULL,
    key         TEXT NOT NULL,
    position    INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    command     TEXT NOT NULL,
    number      INTEGER NOT NULL,
    PRIMARY KEY (key, key_digest, slot, generation)
) STRICT, WITHOUT ROWID;

-- The instruction to send one message. Its id follows from what the ledger keeps unique.
CREATE TABLE outbox_command (
    number           INTEGER PRIMARY KEY,
    id               TEXT NOT NULL,
    position         INTEGER NOT NULL,
    rule             TEXT NOT NULL,
    item             INTEGER NOT NULL,
    key              TEXT NOT NULL,
    key_digest       BLOB NOT NULL CHECK (length(key_digest) = 32),
    slot             TEXT NOT NULL,
    generation       INTEGER NOT NULL CHECK (generation >= 1),
    rule_set         BLOB NOT NULL CHECK (length(rule_set) = 32),
    recipient        TEXT NOT NULL,
    route            TEXT NOT NULL,
    occurred_at      INTEGER NOT NULL,
    not_before       INTEGER NOT NULL,
    expires_at       INTEGER,
    on_unknown       TEXT CHECK ((on_unknown = 'hold' OR on_unknown = 'retry' OR on_unknown = 'look_up')),
    supersede_digest BLOB CHECK (length(supersede_digest) = 32)
) STRICT;

-- Where commands are found by id and by recipient. An index would take each of them at a place of its own
-- and halve the projector's speed; these entries are written for many commands at once, sorted, at the end
-- of the table: a run. Whoever looks up a term asks run by run, and reads the commands after the last run.
CREATE TABLE outbox_run (
    first INTEGER PRIMARY KEY,
    last  INTEGER NOT NULL CHECK (last >= first)
) STRICT;
CREATE TABLE outbox_lookup (
    run     INTEGER NOT NULL,
    term    TEXT NOT NULL,
    command INTEGER NOT NULL,
    PRIMARY KEY (run, term, command)
) STRICT, WITHOUT ROWID;

-- Commands that are not finished.
CREATE TABLE outbox_queue (
    command          INTEGER PRIMARY KEY,
    state            TEXT NOT NULL CHECK ((state = 'pending' OR state = 'sending' OR state = 'unknown'
        OR state = 'held')),
    due_at           INTEGER NOT NULL,
    route            TEXT NOT NULL,
    supersede_digest BLOB,
    lease_end        INTEGER,
    token            INTEGER NOT NULL DEFAULT 0 CHECK (token >= 0),
    attempts         INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    counted          INTEGER NOT NULL DEFAULT 0 CHECK (counted BETWEEN 0 AND attempts),
    first_unsure_at  INTEGER,
    request_digest   BLOB CHECK (length(request_digest) = 32),
    hold_reason      TEXT
        CHECK ((hold_reason = 'operator' OR hold_reason = 'unknown_outcome' OR hold_reason = 'template_error'
            OR hold_reason = 'restored' OR hold_reason = 'fence')),
    hold_detail      TEXT,
    held_at          INTEGER,
    cancelled_by     INTEGER,
    superseded_by    INTEGER,
    CONSTRAINT lease_stands_with_sending CHECK ((lease_end IS NOT NULL) = (state = 'sending')),
    CONSTRAINT sending_has_an_attempt CHECK (state <> 'sending' OR (attempts > 0 AND token > 0)),
    CONSTRAINT hold_reason_stands_with_held CHECK ((hold_reason IS NOT NULL) = (state = 'held')),
    CONSTRAINT held_at_stands_with_held CHECK ((held_at IS NOT NULL) = (state = 'held')),
    CONSTRAINT hold_detail_stands_with_held CHECK (hold_detail IS NULL OR state = 'held'),
    CONSTRAINT unknown_has_a_first_unsure_attempt CHECK (state <> 'unknown' OR first_unsure_at IS NOT NULL),
    CONSTRAINT request_stands_with_attempts CHECK (request_digest IS NOT NULL OR attempts = 0)
) STRICT;
CREATE INDEX outbox_queue_due ON outbox_queue (route, due_at) WHERE state IN ('pending', 'unknown');
CREATE INDEX outbox_queue_leased ON outbox_queue (lease_end, route) WHERE state = 'sending';
CREATE INDEX outbox_queue_held ON outbox_queue (held_at) WHERE state = 'held';
CREATE INDEX outbox_queue_superseding ON outbox_queue (supersede_digest)
    WHERE supersede_digest IS NOT NULL AND superseded_by IS NULL;

-- One try to send, recorded before its first byte leaves.
CREATE TABLE outbox_attempt (
    command        INTEGER NOT NULL REFERENCES outbox_command (number),
    attempt        INTEGER NOT NULL CHECK (attempt >= 1),
    token          INTEGER NOT NULL CHECK (token >= 1),
    route          TEXT NOT NULL,
    request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
    dispatcher     TEXT NOT NULL,
    started_at     INTEGER NOT NULL,
    PRIMARY KEY (command, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_attempt_by_start ON outbox_attempt (route, started_at);

-- What one attempt came to.
CREATE TABLE outbox_outcome (
    command     INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    outcome     TEXT NOT NULL
        CHECK ((outcome = 'accepted' OR outcome = 'duplicate' OR outcome = 'rejected'
            OR outcome = 'rejected_for_now' OR outcome = 'unknown')),
    counts      INTEGER NOT NULL CHECK (counts = 0 OR counts = 1),
    code        TEXT NOT NULL,
    words       TEXT NOT NULL,
    message_id  TEXT,
    retry_after INTEGER,
    trouble     TEXT CHECK ((trouble = 'account' OR trouble = 'credit' OR trouble = 'throttled'
        OR trouble = 'server')),
    status      INTEGER,
    issues      INTEGER NOT NULL CHECK (issues >= 0),
    finished_at INTEGER NOT NULL,
    PRIMARY KEY (command, attempt),
    FOREIGN KEY (command, attempt) REFERENCES outbox_attempt (command, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_outcome_by_message_id ON outbox_outcome (message_id) WHERE message_id IS NOT NULL;

-- What a dispatcher reported about an attempt after it had lost the command.
CREATE TABLE outbox_late_answer (
    number      INTEGER PRIMARY KEY,
    command     INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    token       INTEGER NOT NULL,
    outcome     TEXT NOT NULL
        CHECK ((outcome = 'accepted' OR outcome = 'duplicate' OR outcome = 'rejected'
            OR outcome = 'rejected_for_now' OR outcome = 'unknown')),
    counts      INTEGER NOT NULL CHECK (counts = 0 OR counts = 1),
    code        TEXT NOT NULL,
    words       TEXT NOT NULL,
    message_id  TEXT,
    retry_after INTEGER,
    trouble     TEXT CHECK ((trouble = 'account' OR trouble = 'credit' OR trouble = 'throttled'
        OR trouble = 'server')),
    status      INTEGER,
    issues      INTEGER NOT NULL CHECK (issues >= 0),
    finished_at INTEGER NOT NULL,
    FOREIGN KEY (command, attempt) REFERENCES outbox_attempt (command, attempt)
) STRICT;
CREATE INDEX outbox_late_answer_by_attempt ON outbox_late_answer (command, attempt);
CREATE INDEX outbox_late_answer_by_message_id ON outbox_late_answer (message_id) WHERE message_id IS NOT NULL;

-- How a command ended.
CREATE TABLE outbox_finish (
    command INTEGER PRIMARY KEY REFERENCES outbox_command (number),
    state   TEXT NOT NULL CHECK (
        state = 'accepted' OR state = 'rejected' OR state = 'dead' OR state = 'expired'
        OR state = 'cancelled' OR state = 'superseded' OR state = 'suppressed'),
    at      INTEGER NOT NULL,
    cause   INTEGER
) STRICT;

-- Every hold, and every end that a gate gave: a queue row shows only the latest.
CREATE TABLE outbox_gate (
    number  INTEGER PRIMARY KEY,
    command INTEGER NOT NULL REFERENCES outbox_command (number),
    at      INTEGER NOT NULL,
    gate    TEXT NOT NULL CHECK (
        gate = 'operator' OR gate = 'unknown_outcome' OR gate = 'template_error'
        OR gate = 'restored' OR gate = 'fence' OR gate = 'accepted' OR gate = 'rejected'
        OR gate = 'dead' OR gate = 'expired' OR gate = 'cancelled' OR gate = 'superseded'
        OR gate = 'suppressed'),
    cause   INTEGER,
    detail  TEXT
) STRICT;
CREATE INDEX outbox_gate_by_command ON outbox_gate (command);

-- What people did to commands: who, when, why, and under which name, so that nothing is done twice.
CREATE TABLE outbox_act (
    number      INTEGER PRIMARY KEY,
    request     TEXT NOT NULL UNIQUE CHECK (request <> ''),
    act         TEXT NOT NULL CHECK ((act = 'hold' OR act = 'release' OR act = 'cancel'
        OR act = 'resolve_accepted' OR act = 'resolve_not_accepted' OR act = 'lift_fence')),
    actor       TEXT NOT NULL CHECK (actor <> ''),
    reason      TEXT NOT NULL CHECK (reason <> ''),
    selection   TEXT NOT NULL,
    commands    INTEGER NOT NULL CHECK (commands >= 0),
    recorded_at INTEGER NOT NULL
) STRICT;

-- Which commands an act touched, and how each stood before.
CREATE TABLE outbox_act_command (
    act         INTEGER NOT NULL REFERENCES outbox_act (number),
    command     INTEGER NOT NULL REFERENCES outbox_command (number),
    state       TEXT NOT NULL CHECK ((state = 'pending' OR state = 'sending' OR state = 'unknown'
        OR state = 'held')),
    hold_reason TEXT
        CHECK ((hold_reason = 'operator' OR hold_reason = 'unknown_outcome' OR hold_reason = 'template_error'
            OR hold_reason = 'restored' OR hold_reason = 'fence')),
    PRIMARY KEY (act, command)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_act_command_by_command ON outbox_act_command (command);

-- For people with SQL: a command with its state word.
CREATE VIEW outbox_message AS
SELECT c.number, c.id, c.position, c.rule, c.key, c.slot, c.generation, c.recipient, c.route,
    coalesce(f.state, q.state) AS state, q.hold_reason, q.hold_detail,
    strftime('%Y-%m-%dT%H:%M:%fZ', q.due_at / 1000000.0, 'unixepoch') AS due_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', f.at / 1000000.0, 'unixepoch') AS finished_at,
    (SELECT count(*) FROM outbox_attempt a WHERE a.command = c.number) AS attempts
FROM outbox_command c
LEFT JOIN outbox_queue q ON q.command = c.number
LEFT JOIN outbox_finish f ON f.command = c.number;

-- Append-only. REPLACE deletes rows without running delete triggers, so an existing key is refused before the
-- insert.

CREATE TRIGGER outbox_log_no_update BEFORE UPDATE ON outbox_log
BEGIN SELECT RAISE(ABORT, 'outbox_log is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_log_no_delete BEFORE DELETE ON outbox_log
BEGIN SELECT RAISE(ABORT, 'outbox_log is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_log_no_hole BEFORE INSERT ON outbox_log
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM outbox_log)
BEGIN SELECT RAISE(ABORT, 'outbox_log is append-only: the next position follows the last one'); END;

CREATE TRIGGER outbox_rule_set_no_update BEFORE UPDATE ON outbox_rule_set
BEGIN SELECT RAISE(ABORT, 'outbox_rule_set is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_rule_set_no_delete BEFORE DELETE ON outbox_rule_set
BEGIN SELECT RAISE(ABORT, 'outbox_rule_set is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_rule_set_no_replace BEFORE INSERT ON outbox_rule_set
WHEN EXISTS (SELECT 1 FROM outbox_rule_set WHERE digest = NEW.digest AND name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'outbox_rule_set is append-only: this row exists'); END;

CREATE TRIGGER outbox_activation_no_update BEFORE UPDATE ON outbox_activation
BEGIN SELECT RAISE(ABORT, 'outbox_activation is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_activation_no_delete BEFORE DELETE ON outbox_activation
BEGIN SELECT RAISE(ABORT, 'outbox_activation is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_activation_no_replace BEFORE INSERT ON outbox_activation
WHEN EXISTS (SELECT 1 FROM outbox_activation WHERE position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'outbox_activation is append-only: this row exists'); END;

CREATE TRIGGER outbox_scope_no_update BEFORE UPDATE ON outbox_scope
BEGIN SELECT RAISE(ABORT, 'outbox_scope is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_scope_no_delete BEFORE DELETE ON outbox_scope
BEGIN SELECT RAISE(ABORT, 'outbox_scope is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_scope_no_replace BEFORE INSERT ON outbox_scope
WHEN EXISTS (SELECT 1 FROM outbox_scope WHERE position = NEW.position AND rule = NEW.rule)
BEGIN SELECT RAISE(ABORT, 'outbox_scope is append-only: this row exists'); END;

CREATE TRIGGER outbox_decision_no_update BEFORE UPDATE ON outbox_decision
BEGIN SELECT RAISE(ABORT, 'outbox_decision is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_decision_no_delete BEFORE DELETE ON outbox_decision
BEGIN SELECT RAISE(ABORT, 'outbox_decision is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_decision_no_replace BEFORE INSERT ON outbox_decision
WHEN EXISTS (SELECT 1 FROM outbox_decision
    WHERE position = NEW.position AND rule = NEW.rule AND item = NEW.item)
BEGIN SELECT RAISE(ABORT, 'outbox_decision is append-only: this row exists'); END;

CREATE TRIGGER outbox_ledger_no_update BEFORE UPDATE ON outbox_ledger
BEGIN SELECT RAISE(ABORT, 'outbox_ledger is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_ledger_no_delete BEFORE DELETE ON outbox_ledger
BEGIN SELECT RAISE(ABORT, 'outbox_ledger is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_ledger_no_replace BEFORE INSERT ON outbox_ledger
WHEN EXISTS (SELECT 1 FROM outbox_ledger
    WHERE key = NEW.key AND key_digest = NEW.key_digest AND slot = NEW.slot AND generation = NEW.generation)
BEGIN SELECT RAISE(ABORT, 'outbox_ledger is append-only: this key is won'); END;

CREATE TRIGGER outbox_command_no_update BEFORE UPDATE ON outbox_command
BEGIN SELECT RAISE(ABORT, 'outbox_command is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_command_no_delete BEFORE DELETE ON outbox_command
BEGIN SELECT RAISE(ABORT, 'outbox_command is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_command_no_hole BEFORE INSERT ON outbox_command
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM outbox_command)
BEGIN SELECT RAISE(ABORT, 'outbox_command is append-only: the next number follows the last one'); END;

CREATE TRIGGER outbox_run_no_update BEFORE UPDATE ON outbox_run
BEGIN SELECT RAISE(ABORT, 'outbox_run is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_run_no_delete BEFORE DELETE ON outbox_run
BEGIN SELECT RAISE(ABORT, 'outbox_run is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_run_no_hole BEFORE INSERT ON outbox_run
WHEN NEW.first IS NOT (SELECT coalesce(max(last), 0) + 1 FROM outbox_run)
BEGIN SELECT RAISE(ABORT, 'outbox_run is append-only: the next run follows the last one'); END;

-- No trigger before an insert: all columns are the key, so that REPLACE can only put a row where it is.
CREATE TRIGGER outbox_lookup_no_update BEFORE UPDATE ON outbox_lookup
BEGIN SELECT RAISE(ABORT, 'outbox_lookup is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_lookup_no_delete BEFORE DELETE ON outbox_lookup
BEGIN SELECT RAISE(ABORT, 'outbox_lookup is append-only: a row is never deleted'); END;

CREATE TRIGGER outbox_attempt_no_update BEFORE UPDATE ON outbox_attempt
BEGIN SELECT RAISE(ABORT, 'outbox_attempt is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_attempt_no_delete BEFORE DELETE ON outbox_attempt
BEGIN SELECT RAISE(ABORT, 'outbox_attempt is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_attempt_no_replace BEFORE INSERT ON outbox_attempt
WHEN EXISTS (SELECT 1 FROM outbox_attempt WHERE command = NEW.command AND attempt = NEW.attempt)
    OR EXISTS (SELECT 1 FROM outbox_finish WHERE command = NEW.command)
BEGIN SELECT CASE
    WHEN EXISTS (SELECT 1 FROM outbox_attempt WHERE command = NEW.command AND attempt = NEW.attempt)
    THEN RAISE(ABORT, 'outbox_attempt is append-only: this row exists')
    ELSE RAISE(ABORT, 'outbox_attempt: a finished command gets no further attempt') END; END;

CREATE TRIGGER outbox_outcome_no_update BEFORE UPDATE ON outbox_outcome
BEGIN SELECT RAISE(ABORT, 'outbox_outcome is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_outcome_no_delete BEFORE DELETE ON outbox_outcome
BEGIN SELECT RAISE(ABORT, 'outbox_outcome is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_outcome_no_replace BEFORE INSERT ON outbox_outcome
WHEN EXISTS (SELECT 1 FROM outbox_outcome WHERE command = NEW.command AND attempt = NEW.attempt)
BEGIN SELECT RAISE(ABORT, 'outbox_outcome is append-only: this row exists'); END;

CREATE TRIGGER outbox_late_answer_no_update BEFORE UPDATE ON outbox_late_answer
BEGIN SELECT RAISE(ABORT, 'outbox_late_answer is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_late_answer_no_delete BEFORE DELETE ON outbox_late_answer
BEGIN SELECT RAISE(ABORT, 'outbox_late_answer is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_late_answer_no_replace BEFORE INSERT ON outbox_late_answer
WHEN EXISTS (SELECT 1 FROM outbox_late_answer WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'outbox_late_answer is append-only: this row exists'); END;

CREATE TRIGGER outbox_finish_no_update BEFORE UPDATE ON outbox_finish
BEGIN SELECT RAISE(ABORT, 'outbox_finish is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_finish_no_delete BEFORE DELETE ON outbox_finish
BEGIN SELECT RAISE(ABORT, 'outbox_finish is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_finish_no_replace BEFORE INSERT ON outbox_finish
WHEN EXISTS (SELECT 1 FROM outbox_finish WHERE command = NEW.command)
BEGIN SELECT RAISE(ABORT, 'outbox_finish is append-only: this row exists'); END;

CREATE TRIGGER outbox_gate_no_update BEFORE UPDATE ON outbox_gate
BEGIN SELECT RAISE(ABORT, 'outbox_gate is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_gate_no_delete BEFORE DELETE ON outbox_gate
BEGIN SELECT RAISE(ABORT, 'outbox_gate is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_gate_no_replace BEFORE INSERT ON outbox_gate
WHEN EXISTS (SELECT 1 FROM outbox_gate WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'outbox_gate is append-only: this row exists'); END;

CREATE TRIGGER outbox_act_no_update BEFORE UPDATE ON outbox_act
BEGIN SELECT RAISE(ABORT, 'outbox_act is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_act_no_delete BEFORE DELETE ON outbox_act
BEGIN SELECT RAISE(ABORT, 'outbox_act is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_act_no_replace BEFORE INSERT ON outbox_act
WHEN EXISTS (SELECT 1 FROM outbox_act WHERE number = NEW.number OR request = NEW.request)
BEGIN SELECT RAISE(ABORT, 'outbox_act is append-only: this row exists'); END;

CREATE TRIGGER outbox_act_command_no_update BEFORE UPDATE ON outbox_act_command
BEGIN SELECT RAISE(ABORT, 'outbox_act_command is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_act_command_no_delete BEFORE DELETE ON outbox_act_command
BEGIN SELECT RAISE(ABORT, 'outbox_act_command is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_act_command_no_replace BEFORE INSERT ON outbox_act_command
WHEN EXISTS (SELECT 1 FROM outbox_act_command WHERE act = NEW.act AND command = NEW.command)
BEGIN SELECT RAISE(ABORT, 'outbox_act_command is append-only: this row exists'); END;

CREATE TRIGGER outbox_finish_not_while_queued BEFORE INSERT ON outbox_finish
WHEN EXISTS (SELECT 1 FROM outbox_queue WHERE command = NEW.command)
BEGIN SELECT RAISE(ABORT, 'outbox_finish: a queued command is finished by its dispatcher'); END;

-- Where the log is in force. No row: here, as ever; else the newest row says how this database stands. Each
-- claim and each projector transaction reads it.
CREATE TABLE outbox_authority (
    number      INTEGER PRIMARY KEY,
    state       TEXT NOT NULL CHECK ((state = 'in_force' OR state = 'copy' OR state = 'moved'
        OR state = 'given_up')),
    transfer    TEXT NOT NULL CHECK (transfer <> ''),
    place       TEXT NOT NULL,
    actor       TEXT NOT NULL CHECK (actor <> ''),
    reason      TEXT NOT NULL CHECK (reason <> ''),
    digest      BLOB CHECK (length(digest) = 32),
    recorded_at INTEGER NOT NULL,
    CONSTRAINT digest_stands_with_copy_and_in_force
        CHECK (digest IS NULL OR state = 'copy' OR state = 'in_force')
) STRICT;
CREATE TRIGGER outbox_authority_no_update BEFORE UPDATE ON outbox_authority
BEGIN SELECT RAISE(ABORT, 'outbox_authority is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_authority_no_delete BEFORE DELETE ON outbox_authority
BEGIN SELECT RAISE(ABORT, 'outbox_authority is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_authority_no_hole BEFORE INSERT ON outbox_authority
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM outbox_authority)
BEGIN SELECT RAISE(ABORT, 'outbox_authority is append-only: the next number follows the last one'); END;
-- A log in force may be fenced at any time, under a name that was never used here. A fence is lifted by the
-- transfer that put it there only: a copy after both sides were compared, a moved log when it is taken back.
CREATE TRIGGER outbox_authority_follows BEFORE INSERT ON outbox_authority
WHEN NEW.number IS (SELECT coalesce(max(number), 0) + 1 FROM outbox_authority)
    AND NOT coalesce((SELECT CASE last.state
        WHEN 'moved' THEN NEW.transfer = last.transfer AND NEW.state = 'in_force'
        WHEN 'copy' THEN NEW.transfer = last.transfer AND (NEW.state = 'copy' OR NEW.state = 'given_up'
            OR (NEW.state = 'in_force' AND last.digest IS NOT NULL))
        WHEN 'given_up' THEN 0
        ELSE (NEW.state = 'moved' OR NEW.state = 'copy')
            AND NOT EXISTS (SELECT 1 FROM outbox_authority WHERE transfer = NEW.transfer) END
    FROM outbox_authority last ORDER BY number DESC LIMIT 1), NEW.state = 'moved' OR NEW.state = 'copy')
BEGIN SELECT RAISE(ABORT, 'outbox_authority: this does not follow from how the database stands'); END;

-- At which home the log is in force: which file on which machine. The newest row counts. A copy finds another
-- home here than its own, and fences itself; each claim and each projector transaction reads it.
CREATE TABLE outbox_home (
    number          INTEGER PRIMARY KEY,
    state           TEXT NOT NULL CHECK ((state = 'bound' OR state = 'fenced')),
    home            BLOB NOT NULL CHECK (length(home) = 32),
    place           TEXT NOT NULL,
    actor           TEXT NOT NULL CHECK (actor <> ''),
    reason          TEXT NOT NULL CHECK (reason <> ''),
    suspect_through INTEGER NOT NULL CHECK (suspect_through >= 0),
    recorded_at     INTEGER NOT NULL
) STRICT;
CREATE TRIGGER outbox_home_no_update BEFORE UPDATE ON outbox_home
BEGIN SELECT RAISE(ABORT, 'outbox_home is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_home_no_delete BEFORE DELETE ON outbox_home
BEGIN SELECT RAISE(ABORT, 'outbox_home is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_home_no_hole BEFORE INSERT ON outbox_home
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM outbox_home)
BEGIN SELECT RAISE(ABORT, 'outbox_home is append-only: the next number follows the last one'); END;
-- From one home to another leads only a fence that a person lifts.
CREATE TRIGGER outbox_home_follows BEFORE INSERT ON outbox_home
WHEN NEW.number IS (SELECT coalesce(max(number), 0) + 1 FROM outbox_home)
    AND NEW.state IS (SELECT state FROM outbox_home ORDER BY number DESC LIMIT 1)
BEGIN SELECT RAISE(ABORT, 'outbox_home: this does not follow from how the database stands'); END;

-- Which intake rows of the place that a log came from are here, and under which number: each arrives once.
CREATE TABLE outbox_arrival (
    transfer TEXT NOT NULL,
    origin   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (transfer, origin)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER outbox_arrival_no_update BEFORE UPDATE ON outbox_arrival
BEGIN SELECT RAISE(ABORT, 'outbox_arrival is append-only: a row is never changed'); END;
CREATE TRIGGER outbox_arrival_no_delete BEFORE DELETE ON outbox_arrival
BEGIN SELECT RAISE(ABORT, 'outbox_arrival is append-only: a row is never deleted'); END;
CREATE TRIGGER outbox_arrival_no_replace BEFORE INSERT ON outbox_arrival
WHEN EXISTS (SELECT 1 FROM outbox_arrival WHERE transfer = NEW.transfer AND origin = NEW.origin)
BEGIN SELECT RAISE(ABORT, 'outbox_arrival is append-only: this row exists'); END;
