CREATE TABLE setting (
    name  text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL
);

CREATE TABLE message_type (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text COLLATE "C" NOT NULL,
    schema_version integer NOT NULL,
    UNIQUE (name, schema_version)
);

CREATE TABLE stream (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category text COLLATE "C" NOT NULL,
    key      text COLLATE "C" NOT NULL,
    UNIQUE (category, key)
);

-- Texts beside the log: what tells the store from others (`store_id`), and what the application says of itself.
CREATE TABLE note (
    name text COLLATE "C" PRIMARY KEY,
    text text NOT NULL
);

-- kind: 1 event, 2 command, 3 executed command, 4 rejection, 5 input, 6 ignored, 7 public event, 8 failure, 9 operation,
-- 10 effect result.
-- partition: that of the stream, so that each node reads its share only.
-- sender: the stream of the process manager that sent a command. at: microseconds since 1970.
-- trace: the W3C trace context that a message from outside came with.
-- The columns stand in the order in which they need no padding.
CREATE TABLE log (
    position     bigint PRIMARY KEY,
    stream       bigint NOT NULL,
    process      bigint NOT NULL,
    at           bigint NOT NULL,
    message_type integer NOT NULL,
    kind         smallint NOT NULL,
    partition    smallint NOT NULL,
    version      bigint,
    causation    bigint,
    sender       bigint,
    payload      text NOT NULL,
    trace        text
);
-- Rows are only ever added: what is to be done about them is to remember that all may see them, before it becomes much.
ALTER TABLE log SET (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- Finds the events of a stream and, being unique, is the last guard of dense versions.
CREATE UNIQUE INDEX log_by_stream ON log (stream, version) WHERE version IS NOT NULL;

-- Where the entries of a process are: one row for each batch that holds some, so that a row of the log costs no
-- index entry of its own. Entries of other processes lie between them.
-- messages: how many entries the process has up to there.
CREATE TABLE process_span (
    process  bigint NOT NULL,
    first    bigint NOT NULL,
    last     bigint NOT NULL,
    messages bigint NOT NULL,
    PRIMARY KEY (process, first)
);

CREATE TABLE idempotency_key (
    key      text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL
);

-- Rows that change with every batch have room beside them, so that no index is touched and no old row stays long.
CREATE TABLE partition (
    id         smallint PRIMARY KEY,
    token      bigint NOT NULL DEFAULT 0,
    checkpoint bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Connections that write, each with its newest commits: `sequences`, and behind which position each of them stands. So
-- who has lost a connection finds out what became of the commits that were not answered.
-- is_listening: whether it wants to be told when the log grows. is_closed: it can commit nothing any more.
-- found_dead: when it was first seen that the connection is gone.
CREATE TABLE writer (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    began        timestamptz NOT NULL DEFAULT clock_timestamp(),
    is_listening boolean NOT NULL DEFAULT true,
    is_closed    boolean NOT NULL DEFAULT false,
    found_dead   timestamptz,
    sequences    bigint[] NOT NULL DEFAULT '{}',
    afters       bigint[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Messages that wait for a handler out of turn. reason: 1 failed, 2 behind an earlier one, 3 its process is suspended.
-- edited: the operator's request that gave it another payload.
CREATE TABLE parked (
    position bigint NOT NULL,
    handler  text COLLATE "C" NOT NULL,
    stream   bigint NOT NULL,
    process  bigint NOT NULL,
    cause    text,
    at       bigint NOT NULL,
    reason   smallint NOT NULL,
    attempts bigint NOT NULL,
    retry_at bigint,
    edited   bigint,
    PRIMARY KEY (position, handler)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX parked_by_stream ON parked (stream, handler, position);
CREATE INDEX parked_by_process ON parked (process, position);

-- Calls of effects that are not over.
CREATE TABLE call (
    position bigint NOT NULL,
    handler  text COLLATE "C" NOT NULL,
    stream   bigint NOT NULL,
    process  bigint NOT NULL,
    attempts bigint NOT NULL,
    due      bigint NOT NULL,
    cause    text,
    at       bigint NOT NULL,
    PRIMARY KEY (position, handler)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

-- Processes that an operator holds. kind: 1 suspended, 2 cancelled. operation: the operator's request.
CREATE TABLE hold (
    process   bigint PRIMARY KEY,
    kind      smallint NOT NULL,
    operation bigint NOT NULL
);

CREATE TABLE timer (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    due          bigint NOT NULL,
    stream       bigint NOT NULL,
    sender       bigint,
    process      bigint NOT NULL,
    causation    bigint NOT NULL,
    message_type integer NOT NULL,
    partition    smallint NOT NULL,
    payload      text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX timer_by_due ON timer (due, id);
-- Timers are taken back by the instance that they are addressed to.
CREATE INDEX timer_by_stream ON timer (stream);
CREATE INDEX timer_by_process ON timer (process);

-- For people with an SQL prompt.
CREATE VIEW message AS
SELECT log.position,
       CASE log.kind
           WHEN 1 THEN 'event' WHEN 2 THEN 'command' WHEN 3 THEN 'executed command' WHEN 4 THEN 'rejection'
           WHEN 5 THEN 'input' WHEN 6 THEN 'ignored' WHEN 7 THEN 'public event' WHEN 8 THEN 'failure' WHEN 9 THEN 'operation'
           ELSE 'effect result'
       END AS kind,
       stream.category, stream.key, log.version, message_type.name, log.payload, log.process, log.causation,
       timestamptz 'epoch' + log.at * interval '1 microsecond' AS at
FROM log
JOIN stream ON stream.id = log.stream
JOIN message_type ON message_type.id = log.message_type;
