-- Read models. token: who keeps one up has the newest.
CREATE TABLE projection (
    name  text COLLATE "C" PRIMARY KEY,
    token bigint NOT NULL
);

-- The fillings of a read model. state: 1 building, 2 live, 3 inline, 4 retired. version: of the code that fills it.
CREATE TABLE generation (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    projection text COLLATE "C" NOT NULL,
    number     bigint NOT NULL,
    version    bigint NOT NULL,
    state      smallint NOT NULL,
    checkpoint bigint NOT NULL,
    UNIQUE (projection, number)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- revision: another number for each change of the row.
CREATE TABLE read_model_row (
    generation bigint NOT NULL,
    key        text COLLATE "C" NOT NULL,
    value      text NOT NULL,
    revision   bigint NOT NULL,
    PRIMARY KEY (generation, key)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

-- Streams whose events are left out of a read model, from a position on.
CREATE TABLE parked_stream (
    generation bigint NOT NULL,
    stream     bigint NOT NULL,
    position   bigint NOT NULL,
    cause      text NOT NULL,
    at         bigint NOT NULL,
    PRIMARY KEY (generation, stream)
);

-- Changes whenever those who write rows inline must look again.
INSERT INTO setting (name, value) VALUES ('read_model_epoch', 0);

CREATE FUNCTION acquire_projection(projection_name text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    raised bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(lock_key(0));
    INSERT INTO projection (name, token) VALUES (projection_name, 1)
    ON CONFLICT (name) DO UPDATE SET token = projection.token + 1 RETURNING token INTO raised;
    RETURN raised;
END $$;

-- What a batch changes in read models. Those who are told why it was refused know the batch, so they are told places in it.
CREATE FUNCTION commit_read_models(changes jsonb, after bigint, head bigint, streams bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    asked record;
    found_id bigint;
    found_number bigint;
BEGIN
    found_number := (SELECT value FROM setting WHERE name = 'read_model_epoch');
    IF (changes ->> 'epoch')::bigint <> found_number THEN
        PERFORM refuse('PC010', json_build_object('actual', found_number));
    END IF;
    -- Most batches only ask.
    IF changes - 'epoch' = '{}'::jsonb THEN
        RETURN;
    END IF;
    PERFORM change_generations(changes -> 'generations');

    FOR asked IN
        SELECT * FROM ROWS FROM (jsonb_to_recordset(changes -> 'moves') AS (
            projection text, number bigint, token bigint, source bigint, target bigint
        )) WITH ORDINALITY AS it (projection, number, token, source, target, place)
    LOOP
        found_id := generation_of(asked.projection, asked.number);
        found_number := (SELECT checkpoint FROM generation WHERE id = found_id);
        PERFORM check_owner(asked.projection, asked.token, 'moves', asked.place);
        IF found_number <> asked.source OR asked.target < asked.source OR asked.target > head THEN
            PERFORM refuse('PC012', json_build_object('place', asked.place, 'actual', found_number));
        END IF;
        UPDATE generation SET checkpoint = asked.target WHERE id = found_id;
    END LOOP;

    FOR asked IN
        SELECT * FROM ROWS FROM (jsonb_to_recordset(changes -> 'rows') AS (
            projection text, number bigint, key text, value text, revision bigint, expected bigint
        )) WITH ORDINALITY AS it (projection, number, key, value, revision, expected, place)
    LOOP
        found_id := generation_of(asked.projection, asked.number);
        IF asked.expected IS NOT NULL THEN
            found_number := coalesce(
                (SELECT revision FROM read_model_row WHERE generation = found_id AND key = asked.key), 0);
            IF found_number <> asked.expected THEN
                PERFORM refuse('PC013', json_build_object('place', asked.place, 'actual', found_number));
            END IF;
        END IF;
        IF asked.value IS NULL THEN
            DELETE FROM read_model_row WHERE generation = found_id AND key = asked.key;
        ELSE
            INSERT INTO read_model_row (generation, key, value, revision)
            VALUES (found_id, asked.key, asked.value, asked.revision)
            ON CONFLICT (generation, key) DO UPDATE SET value = excluded.value, revision = excluded.revision;
        END IF;
    END LOOP;

    DELETE FROM parked_stream
    USING jsonb_to_recordset(changes -> 'released') AS it (projection text, number bigint, stream integer)
    WHERE parked_stream.generation = generation_of(it.projection, it.number)
    AND parked_stream.stream = streams[it.stream];
    INSERT INTO parked_stream (generation, stream, position, cause, at)
    SELECT generation_of(it.projection, it.number), streams[it.stream], resolve(it.first, after), it.cause, it.at
    FROM jsonb_to_recordset(changes -> 'parked') AS it (
        projection text, number bigint, stream integer, first bigint, cause text, at bigint
    )
    ON CONFLICT (generation, stream) DO UPDATE SET
        position = excluded.position, cause = excluded.cause, at = excluded.at;

    IF changes ? 'generations' OR changes ? 'released' THEN
        UPDATE setting SET value = value + 1 WHERE name = 'read_model_epoch';
    END IF;
END $$;

CREATE FUNCTION change_generations(changes jsonb) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    asked record;
    found_id bigint;
BEGIN
    FOR asked IN
        SELECT * FROM ROWS FROM (jsonb_to_recordset(changes) AS (
            projection text, number bigint, token bigint, becomes text, version bigint, state smallint
        )) WITH ORDINALITY AS it (projection, number, token, becomes, version, state, place)
    LOOP
        PERFORM check_owner(asked.projection, asked.token, 'generations', asked.place);
        IF asked.becomes = 'new' THEN
            INSERT INTO generation (projection, number, version, state, checkpoint)
            VALUES (asked.projection, asked.number, asked.version, asked.state, 0) ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN
                PERFORM refuse('PC014', json_build_object('projection', asked.projection, 'number', asked.number));
            END IF;
            CONTINUE;
        END IF;
        found_id := generation_of(asked.projection, asked.number);
        IF asked.becomes = 'state' THEN
            UPDATE generation SET state = asked.state WHERE id = found_id;
        ELSE
            DELETE FROM read_model_row WHERE generation = found_id;
            DELETE FROM parked_stream WHERE generation = found_id;
            DELETE FROM generation WHERE id = found_id;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION check_owner(projection_name text, given bigint, change text, place bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    actual CONSTANT bigint := coalesce((SELECT token FROM projection WHERE name = projection_name), 0);
BEGIN
    IF given <> actual THEN
        PERFORM refuse('PC011', json_build_object('change', change, 'place', place, 'actual', actual));
    END IF;
END $$;

CREATE FUNCTION generation_of(projection_name text, generation_number bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found_id CONSTANT bigint := (
        SELECT id FROM generation WHERE projection = projection_name AND number = generation_number
    );
BEGIN
    IF found_id IS NULL THEN
        PERFORM refuse('PC014', json_build_object('projection', projection_name, 'number', generation_number));
    END IF;
    RETURN found_id;
END $$;
