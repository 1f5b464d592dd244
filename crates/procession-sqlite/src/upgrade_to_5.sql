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

DROP VIEW IF EXISTS message;
