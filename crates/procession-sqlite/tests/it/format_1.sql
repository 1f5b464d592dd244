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

-- kind: 1 event, 2 command, 3 executed command, 4 rejection. at: microseconds since 1970.
CREATE TABLE log (
    position     INTEGER PRIMARY KEY,
    kind         INTEGER NOT NULL,
    stream       INTEGER NOT NULL,
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
    message_type INTEGER NOT NULL,
    payload      TEXT NOT NULL,
    process      INTEGER NOT NULL,
    causation    INTEGER NOT NULL
) STRICT;

CREATE INDEX timer_by_due ON timer (due);

-- For people with an SQL prompt.
CREATE VIEW message AS
SELECT log.position,
       CASE log.kind WHEN 1 THEN 'event' WHEN 2 THEN 'command' WHEN 3 THEN 'executed command' ELSE 'rejection' END
           AS kind,
       stream.category, stream.key, log.version, message_type.name, log.payload, log.process, log.causation,
       strftime('%Y-%m-%dT%H:%M:%fZ', log.at / 1e6, 'unixepoch') AS at
FROM log
JOIN stream ON stream.id = log.stream
JOIN message_type ON message_type.id = log.message_type;

-- Three entries of a log, as release 0 of this format wrote them.
INSERT INTO setting (name, value) VALUES ('partitions', 2);
INSERT INTO partition (id, token, checkpoint) VALUES (0, 1, 0), (1, 1, 0);
INSERT INTO message_type (id, name, schema_version) VALUES (1, 'OpenAccount', 1), (2, 'AccountOpened', 1);
INSERT INTO stream (id, category, key) VALUES (1, 'account', 'a');
INSERT INTO log (position, kind, stream, version, message_type, payload, process, causation, at) VALUES
    (1, 3, 1, NULL, 1, '{"account":"a"}', 1, NULL, 1700000000000000),
    (2, 1, 1, 1, 2, '{"account":"a"}', 1, 1, 1700000000000000);
INSERT INTO process_span (process, first, last) VALUES (1, 1, 2);
INSERT INTO timer (due, stream, message_type, payload, process, causation) VALUES
    (1800000000000000, 1, 1, '{"account":"a"}', 1, 2);
-- Both are parked: the command for its decider, the event for a saga.
INSERT INTO parked (position, handler, stream, process, cause, at) VALUES
    (1, 'account', 1, 1, 'it panicked', 1700000000000000),
    (2, 'welcome', 1, 1, 'it panicked', 1700000000000000);
PRAGMA application_id = 1347571523;
PRAGMA user_version = 1;
