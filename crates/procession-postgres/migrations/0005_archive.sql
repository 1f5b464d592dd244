-- Pieces of ended processes that are in a file in place of the log. last: up to where the process is archived.
CREATE TABLE archived (
    process bigint NOT NULL,
    first   bigint NOT NULL,
    last    bigint NOT NULL,
    entries bigint NOT NULL,
    digest  text COLLATE "C" NOT NULL,
    file    text COLLATE "C" NOT NULL,
    at      bigint NOT NULL,
    PRIMARY KEY (process, first)
);

-- Where the entries are that are not kept of a piece: they are found along the spans of its process. Events are 1, public
-- events 7.
CREATE FUNCTION entries_of(piece archived) RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    span record;
    found bigint[] := '{}';
BEGIN
    FOR span IN SELECT * FROM process_span WHERE process_span.process = piece.process LOOP
        found := found || ARRAY(
            SELECT position FROM log
            WHERE position BETWEEN greatest(span.first, piece.first) AND least(span.last, piece.last)
            AND log.process = piece.process AND kind NOT IN (1, 7)
            ORDER BY position
        );
    END LOOP;
    RETURN found;
END $$;

-- Up to where every partition is handled, and every read model that is read has come.
CREATE FUNCTION handled_by_all() RETURNS bigint LANGUAGE sql STABLE
RETURN least((SELECT min(checkpoint) FROM partition), (SELECT min(checkpoint) FROM generation WHERE state IN (2, 3)));

-- Pieces of processes leave the log, and are noted in place of it.
CREATE FUNCTION archive(pieces jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    piece archived;
    number bigint := 0;
    waits boolean;
    handled CONSTANT bigint := handled_by_all();
    head CONSTANT bigint := (SELECT coalesce(max(position), 0) FROM log);
    entries bigint[];
BEGIN
    FOR piece IN SELECT * FROM jsonb_populate_recordset(NULL::archived, pieces) LOOP
        number := number + 1;
        waits := EXISTS (SELECT FROM parked WHERE process = piece.process)
            OR EXISTS (SELECT FROM call WHERE process = piece.process)
            OR EXISTS (SELECT FROM timer WHERE process = piece.process)
            OR EXISTS (SELECT FROM hold WHERE process = piece.process);
        entries := entries_of(piece);
        IF waits OR piece.last > handled OR piece.last >= head OR cardinality(entries) <> piece.entries
            OR piece.first > piece.last
        THEN
            PERFORM refuse('PC008', json_build_object('piece', number, 'waits', waits, 'handled', handled,
                'head', head, 'entries', cardinality(entries)));
        END IF;
        DELETE FROM log WHERE position = ANY (entries);
        INSERT INTO archived SELECT piece.*;
    END LOOP;
END $$;

-- What changes in few rows, and then what leaves the log.
ALTER FUNCTION commit_beside RENAME TO commit_tables;
CREATE FUNCTION commit_beside(rare jsonb, after bigint, streams bigint[], types integer[], payloads text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM commit_tables(rare, after, streams, types, payloads);
    IF rare -> 'archived' IS NOT NULL THEN
        PERFORM archive(rare -> 'archived');
    END IF;
END $$;
