CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE message_type (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    UNIQUE (name, schema_version)
) STRICT;

CREATE TABLE stream (
    id       INTEGER PRIMARY KEY,
    category TEXT NOT NULL,
    key      TEXT NOT NULL,
    UNIQUE (category, key)
) STRICT;

-- Texts beside the log: what tells the store from others (`store_id`), and what the application says of itself.
CREATE TABLE note (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- kind: 1 event, 2 command, 3 executed command, 4 rejection, 5 input, 6 ignored, 7 public event, 8 failure, 9 operation,
-- 10 effect result.
-- sender: the stream of the process manager that sent a command. at: microseconds since 1970.
-- trace: the W3C trace context that a message from outside came with.
CREATE TABLE log (
    position     INTEGER PRIMARY KEY,
    kind         INTEGER NOT NULL,
    stream       INTEGER NOT NULL,
    sender       INTEGER,
    version      INTEGER,
    message_type INTEGER NOT NULL,
    payload      TEXT NOT NULL,
    process      INTEGER NOT NULL,
    causation    INTEGER,
    at           INTEGER NOT NULL,
    trace        TEXT
) STRICT;

CREATE UNIQUE INDEX log_by_stream ON log (stream, version) WHERE version IS NOT NULL;

-- Where the entries of a process are: one row for each batch that holds some, so that a row of the log costs no
-- index entry of its own. Entries of other processes lie between them.
-- messages: how many entries the process has up to there.
CREATE TABLE process_span (
    process  INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (process, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_key (
    key      TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE partition (
    id         INTEGER PRIMARY KEY,
    token      INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL
) STRICT;

-- Messages that wait for a handler out of turn. reason: 1 failed, 2 behind an earlier one, 3 its process is suspended.
-- edited: the operator's request that gave it another payload.
CREATE TABLE parked (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    position INTEGER NOT NULL,
    handler  TEXT NOT NULL,
    stream   INTEGER NOT NULL,
    process  INTEGER NOT NULL,
    cause    TEXT,
    at       INTEGER NOT NULL,
    reason   INTEGER NOT NULL DEFAULT 1,
    attempts INTEGER NOT NULL DEFAULT 1,
    retry_at INTEGER,
    edited   INTEGER
) STRICT;

CREATE UNIQUE INDEX parked_by_message ON parked (position, handler);
CREATE INDEX parked_by_stream ON parked (stream, handler, position);
CREATE INDEX parked_by_process ON parked (process, position);

-- Calls of effects that are not over.
CREATE TABLE call (
    position INTEGER NOT NULL,
    handler  TEXT NOT NULL,
    stream   INTEGER NOT NULL,
    process  INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    cause    TEXT,
    at       INTEGER NOT NULL,
    PRIMARY KEY (position, handler)
) STRICT, WITHOUT ROWID;

-- Processes that an operator holds. kind: 1 suspended, 2 cancelled. operation: the operator's request.
CREATE TABLE hold (
    process   INTEGER PRIMARY KEY,
    kind      INTEGER NOT NULL,
    operation INTEGER NOT NULL
) STRICT;

CREATE TABLE timer (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    due          INTEGER NOT NULL,
    stream       INTEGER NOT NULL,
    sender       INTEGER,
    message_type INTEGER NOT NULL,
    payload      TEXT NOT NULL,
    process      INTEGER NOT NULL,
    causation    INTEGER NOT NULL
) STRICT;

CREATE INDEX timer_by_due ON timer (due);
-- Timers are taken back by the instance that they are addressed to.
CREATE INDEX timer_by_stream ON timer (stream);
CREATE INDEX timer_by_process ON timer (process);

-- Read models. token: who keeps one up has the newest.
CREATE TABLE projection (
    name  TEXT PRIMARY KEY,
    token INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The fillings of a read model. state: 1 building, 2 live, 3 inline, 4 retired. version: of the code that fills it.
CREATE TABLE generation (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    projection TEXT NOT NULL,
    number     INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL,
    UNIQUE (projection, number)
) STRICT;

-- revision: another number for each change of the row.
CREATE TABLE read_model_row (
    generation INTEGER NOT NULL,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    PRIMARY KEY (generation, key)
) STRICT, WITHOUT ROWID;

-- Streams whose events are left out of a read model, from a position on.
CREATE TABLE parked_stream (
    generation INTEGER NOT NULL,
    stream     INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    cause      TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (generation, stream)
) STRICT, WITHOUT ROWID;

-- Pieces of ended processes that are in a file in place of the log. last: up to where the process is archived.
CREATE TABLE archived (
    process INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    digest  TEXT NOT NULL,
    file    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (process, first)
) STRICT, WITHOUT ROWID;
