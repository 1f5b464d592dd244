ALTER TABLE log ADD COLUMN trace TEXT;

CREATE TABLE note (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE process_span ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
UPDATE process_span SET messages = counted.messages
FROM (
    SELECT process, first, sum(own) OVER (PARTITION BY process ORDER BY first) AS messages
    FROM (
        SELECT span.process, span.first,
               (SELECT count(*) FROM log
                WHERE log.position BETWEEN span.first AND span.last AND log.process = span.process) AS own
        FROM process_span AS span
    )
) AS counted
WHERE counted.process = process_span.process AND counted.first = process_span.first;

ALTER TABLE parked ADD COLUMN reason INTEGER NOT NULL DEFAULT 1;
ALTER TABLE parked ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;
ALTER TABLE parked ADD COLUMN retry_at INTEGER;
ALTER TABLE parked ADD COLUMN edited INTEGER;
UPDATE parked SET reason = 2, attempts = 0 WHERE cause IS NULL;

CREATE UNIQUE INDEX parked_by_message ON parked (position, handler);
CREATE INDEX parked_by_stream ON parked (stream, handler, position);
CREATE INDEX parked_by_process ON parked (process, position);

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

CREATE TABLE hold (
    process   INTEGER PRIMARY KEY,
    kind      INTEGER NOT NULL,
    operation INTEGER NOT NULL
) STRICT;

CREATE INDEX timer_by_process ON timer (process);

DROP VIEW IF EXISTS message;
