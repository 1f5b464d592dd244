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

-- kind: 1 event, 2 command, 3 executed command, 4 rejection, 5 input, 6 ignored, 7 public event.
-- sender: the stream of the process manager that sent a command. at: microseconds since 1970.
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
    at           INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX log_by_stream ON log (stream, version) WHERE version IS NOT NULL;

-- Where the entries of a process are: one row for each batch that holds some, so that a row of the log costs no
-- index entry of its own. Entries of other processes lie between them.
CREATE TABLE process_span (
    process INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
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

CREATE TABLE parked (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    position INTEGER NOT NULL,
    handler  TEXT NOT NULL,
    stream   INTEGER NOT NULL,
    process  INTEGER NOT NULL,
    cause    TEXT,
    at       INTEGER NOT NULL
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
