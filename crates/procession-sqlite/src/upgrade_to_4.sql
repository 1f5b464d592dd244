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

DROP VIEW IF EXISTS message;
