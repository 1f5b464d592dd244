-- Plans are kept, and a table may be empty when one is made. So each row is looked up from where its key is known: by
-- `LEFT JOIN`, by `LATERAL` with a limit, or one after the other.

-- The locks of this store among all advisory locks of the database: 0 is the log's, the others are those of its writers.
CREATE FUNCTION lock_key(number bigint) RETURNS bigint LANGUAGE sql STABLE
RETURN (('log'::regclass)::oid::bigint << 32) | number;

-- A reference to a message: a position, or, negative, an entry of the batch, counted from -1.
CREATE FUNCTION resolve(reference bigint, after bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN CASE WHEN reference < 0 THEN after - reference ELSE reference END;

CREATE FUNCTION find_streams(categories text[], keys text[]) RETURNS bigint[] LANGUAGE sql
RETURN (
    SELECT array_agg(stream.id ORDER BY asked.ordinal)
    FROM unnest(categories, keys) WITH ORDINALITY AS asked (category, key, ordinal)
    LEFT JOIN stream ON stream.category = asked.category AND stream.key = asked.key
);

-- The rows of streams, in the order of their names, which are added if they are new. Rows are added in the order of their
-- keys, so that two writers who add the same ones wait for each other, and never in a circle.
CREATE FUNCTION streams_of(categories text[], keys text[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    found bigint[] := find_streams(categories, keys);
BEGIN
    IF array_position(found, NULL) IS NULL THEN
        RETURN found;
    END IF;
    INSERT INTO stream (category, key)
    SELECT DISTINCT asked.category COLLATE "C", asked.key COLLATE "C"
    FROM unnest(categories, keys, found) AS asked (category, key, id)
    WHERE asked.id IS NULL ORDER BY 1, 2 ON CONFLICT DO NOTHING;
    RETURN find_streams(categories, keys);
END $$;

-- The same for the types of messages.
CREATE FUNCTION message_types_of(names text[], schema_versions integer[]) RETURNS integer[] LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO message_type (name, schema_version)
    SELECT DISTINCT asked.name COLLATE "C", asked.version FROM unnest(names, schema_versions) AS asked (name, version)
    WHERE NOT EXISTS (
        SELECT FROM message_type WHERE message_type.name = asked.name AND schema_version = asked.version
    )
    ORDER BY 1, 2 ON CONFLICT DO NOTHING;
    RETURN (
        SELECT array_agg(message_type.id ORDER BY asked.ordinal)
        FROM unnest(names, schema_versions) WITH ORDINALITY AS asked (name, version, ordinal)
        LEFT JOIN message_type ON message_type.name = asked.name AND schema_version = asked.version
    );
END $$;

-- What a commit is refused with: a code, and what is to be told.
CREATE FUNCTION refuse(code text, detail json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the batch is refused' USING ERRCODE = code, DETAIL = detail;
END $$;

-- What changes seldom, or in few rows: everything of a batch that is neither an entry nor a checkpoint.
CREATE FUNCTION commit_beside(rare jsonb, after bigint, streams bigint[], types integer[], payloads text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    refused record;
    it record;
BEGIN
    -- A payload over the limit is accepted if it was before: if a timer holds it that fires now.
    SELECT large.what INTO refused
    FROM jsonb_array_elements(rare -> 'large') WITH ORDINALITY AS large (what, ordinal)
    WHERE NOT EXISTS (
        SELECT FROM timer WHERE id IN (SELECT jsonb_array_elements_text(rare -> 'fired')::bigint)
        AND payload = coalesce(
            payloads[(large.what ->> 'entry')::integer],
            rare -> 'timers' -> (large.what ->> 'timer')::integer ->> 'payload'
        )
    )
    ORDER BY large.ordinal LIMIT 1;
    IF FOUND THEN
        PERFORM refuse('PC006', refused.what::json);
    END IF;

    FOR it IN SELECT * FROM jsonb_to_recordset(rare -> 'released') AS released (position bigint, handler text) LOOP
        DELETE FROM parked WHERE parked.position = it.position AND parked.handler = it.handler;
    END LOOP;
    FOR it IN SELECT * FROM jsonb_to_recordset(rare -> 'closed') AS closed (position bigint, handler text) LOOP
        DELETE FROM call WHERE call.position = it.position AND call.handler = it.handler;
    END LOOP;

    INSERT INTO parked (position, handler, stream, process, cause, at, reason, attempts, retry_at, edited)
    SELECT position, handler, streams[stream], process, cause, at, reason, attempts, retry_at, edited
    FROM jsonb_to_recordset(rare -> 'parked') AS it (
        position bigint, handler text, stream integer, process bigint, cause text, at bigint, reason smallint,
        attempts bigint, retry_at bigint, edited bigint
    )
    ON CONFLICT (position, handler) DO UPDATE SET
        stream = excluded.stream, process = excluded.process, cause = excluded.cause, at = excluded.at,
        reason = excluded.reason, attempts = excluded.attempts, retry_at = excluded.retry_at, edited = excluded.edited;

    INSERT INTO call (position, handler, stream, process, attempts, due, cause, at)
    SELECT position, handler, streams[stream], process, attempts, due, cause, at
    FROM jsonb_to_recordset(rare -> 'calls') AS it (
        position bigint, handler text, stream integer, process bigint, attempts bigint, due bigint, cause text, at bigint
    )
    ON CONFLICT (position, handler) DO UPDATE SET
        stream = excluded.stream, process = excluded.process, attempts = excluded.attempts, due = excluded.due,
        cause = excluded.cause, at = excluded.at;

    PERFORM commit_timers(rare, after, streams, types);

    FOR it IN
        SELECT * FROM jsonb_to_recordset(rare -> 'holds') AS holds (process bigint, kind smallint, operation bigint)
    LOOP
        DELETE FROM hold WHERE hold.process = it.process;
        IF it.kind IS NOT NULL THEN
            INSERT INTO hold (process, kind, operation) VALUES (it.process, it.kind, it.operation);
        END IF;
    END LOOP;
    FOR it IN SELECT * FROM jsonb_to_recordset(rare -> 'notes') AS notes (name text, text text) LOOP
        DELETE FROM note WHERE note.name = it.name;
        IF it.text IS NOT NULL THEN
            INSERT INTO note (name, text) VALUES (it.name, it.text);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION commit_timers(rare jsonb, after bigint, streams bigint[], types integer[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    most_timers CONSTANT bigint := (rare ->> 'most_timers')::bigint;
    refused record;
    it record;
BEGIN
    FOR it IN SELECT value::bigint AS id FROM jsonb_array_elements_text(rare -> 'fired') LOOP
        DELETE FROM timer WHERE timer.id = it.id;
    END LOOP;
    -- Without a name: what an instance has sent to itself.
    FOR it IN SELECT * FROM jsonb_to_recordset(rare -> 'cancelled') AS cancelled (stream integer, name text) LOOP
        DELETE FROM timer WHERE timer.stream = streams[it.stream] AND CASE
            WHEN it.name IS NULL THEN timer.sender = timer.stream
            ELSE (SELECT message_type.name = it.name FROM message_type WHERE message_type.id = timer.message_type)
        END;
    END LOOP;
    FOR it IN SELECT * FROM jsonb_to_recordset(rare -> 'moved') AS moved (id bigint, due bigint) LOOP
        UPDATE timer SET due = it.due WHERE timer.id = it.id;
    END LOOP;

    IF rare -> 'timers' IS NULL THEN
        RETURN;
    END IF;
    -- Those that were asked for later get higher numbers.
    INSERT INTO timer (due, stream, sender, message_type, payload, process, causation, partition)
    SELECT (new ->> 'due')::bigint, streams[(new ->> 'stream')::integer], streams[(new ->> 'sender')::integer],
           types[(new ->> 'type')::integer], new ->> 'payload', resolve((new ->> 'process')::bigint, after),
           resolve((new ->> 'causation')::bigint, after), (new ->> 'partition')::smallint
    FROM jsonb_array_elements(rare -> 'timers') WITH ORDINALITY AS timers (new, ordinal)
    ORDER BY ordinal;

    IF most_timers IS NOT NULL THEN
        -- Of a process that has many more, not all are counted.
        SELECT asked.process, counted.size INTO refused
        FROM (
            SELECT DISTINCT resolve((new ->> 'process')::bigint, after) AS process
            FROM jsonb_array_elements(rare -> 'timers') AS timers (new)
        ) AS asked
        CROSS JOIN LATERAL (
            SELECT count(*) AS size
            FROM (SELECT FROM timer WHERE timer.process = asked.process LIMIT most_timers + 1) AS found
        ) AS counted
        WHERE counted.size > most_timers ORDER BY asked.process LIMIT 1;
        IF FOUND THEN
            PERFORM refuse('PC005', json_build_object(
                'process', refused.process, 'what', 'timers', 'size', refused.size, 'limit', most_timers));
        END IF;
    END IF;
END $$;

-- One batch, whole or not at all, in one round trip.
--
-- Streams and types of messages are given once, those whose numbers the client knows before those that it does not; what
-- refers to one names its place, counted from 1. What is missing at the end of an array is nothing.
CREATE FUNCTION commit_batch(
    writer_id bigint,
    sequence bigint,
    expected_head bigint,
    known_streams bigint[],
    new_categories text[],
    new_keys text[],
    known_types integer[],
    new_names text[],
    new_schema_versions integer[],
    -- The entries.
    kinds smallint[],
    entry_streams integer[],
    entry_types integer[],
    partitions smallint[],
    payloads text[],
    processes bigint[],
    causations bigint[],
    ats bigint[],
    senders integer[],
    traces text[],
    -- Of each event: which of the streams of events it has, how many of that come before it in the batch, and which
    -- version it takes that to have before the batch.
    event_places integer[],
    offsets integer[],
    claims bigint[],
    -- The streams of events, and the versions that they have if nobody was faster; none where that is looked up.
    event_streams integer[],
    bases bigint[],
    -- The processes, each with the first and the last of its entries, and how many it has.
    span_processes bigint[],
    span_firsts bigint[],
    span_lasts bigint[],
    span_messages bigint[],
    most_messages bigint,
    -- Keys of messages from outside, with the entries that they belong to.
    key_entries bigint[],
    keys text[],
    -- How far partitions are handled now.
    moved_partitions integer[],
    move_tokens bigint[],
    move_froms bigint[],
    move_tos bigint[],
    -- Streams that must have these versions before the batch.
    stood_on_streams integer[],
    stood_on_versions bigint[],
    rare_text text,
    OUT after bigint,
    OUT stream_ids bigint[],
    OUT type_ids integer[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    streams bigint[] := known_streams;
    types integer[] := known_types;
    refused record;
    new_head bigint;
BEGIN
    IF new_names IS NOT NULL THEN
        type_ids := message_types_of(new_names, new_schema_versions);
        types := types || type_ids;
    END IF;
    IF new_categories IS NOT NULL THEN
        stream_ids := streams_of(new_categories, new_keys);
        streams := streams || stream_ids;
    END IF;

    -- The last lock: who has it numbers, and the next one gets it when that is committed. So the order of the log is the
    -- order of the commits.
    PERFORM pg_advisory_xact_lock(lock_key(0));
    after := (SELECT coalesce(max(position), 0) FROM log);
    new_head := after + coalesce(cardinality(kinds), 0);
    IF expected_head <> after THEN
        PERFORM refuse('PC001', json_build_object('actual', after));
    END IF;

    UPDATE writer SET
        sequences = (commit_batch.sequence || sequences)[1:64],
        afters = (commit_batch.after || afters)[1:64]
    WHERE id = writer_id AND NOT is_closed;
    IF NOT FOUND THEN
        PERFORM refuse('PC007', 'null');
    END IF;

    IF stood_on_streams IS NOT NULL THEN
        SELECT stood_on.ordinal, found.version INTO refused
        FROM unnest(stood_on_streams, stood_on_versions) WITH ORDINALITY AS stood_on (stream, version, ordinal)
        CROSS JOIN LATERAL (
            SELECT coalesce(max(version), 0) AS version FROM log
            WHERE stream = streams[stood_on.stream] AND version IS NOT NULL
        ) AS found
        WHERE found.version <> stood_on.version ORDER BY stood_on.ordinal LIMIT 1;
        IF FOUND THEN
            PERFORM refuse('PC003', json_build_object('stood_on', refused.ordinal, 'actual', refused.version));
        END IF;
    END IF;

    IF keys IS NOT NULL THEN
        INSERT INTO idempotency_key (key, position)
        SELECT given.key, commit_batch.after + given.entry
        FROM unnest(commit_batch.keys, key_entries) WITH ORDINALITY AS given (key, entry, ordinal)
        ORDER BY given.ordinal ON CONFLICT DO NOTHING;
        SELECT given.key, found.position INTO refused
        FROM unnest(commit_batch.keys, key_entries) WITH ORDINALITY AS given (key, entry, ordinal)
        CROSS JOIN LATERAL (SELECT * FROM idempotency_key WHERE idempotency_key.key = given.key LIMIT 1) AS found
        WHERE found.position <> commit_batch.after + given.entry ORDER BY given.ordinal LIMIT 1;
        IF FOUND THEN
            PERFORM refuse('PC002', json_build_object('key', refused.key, 'position', refused.position));
        END IF;
    END IF;

    IF kinds IS NOT NULL THEN
        IF array_position(bases, NULL) IS NOT NULL THEN
            bases := (
                SELECT array_agg(coalesce(asked.base, (
                    SELECT coalesce(max(version), 0) FROM log
                    WHERE stream = streams[asked.stream] AND version IS NOT NULL
                )) ORDER BY asked.ordinal)
                FROM unnest(event_streams, bases) WITH ORDINALITY AS asked (stream, base, ordinal)
            );
            SELECT event.entry, bases[event.place] + event.before AS actual INTO refused
            FROM unnest(event_places, offsets, claims) WITH ORDINALITY AS event (place, before, claim, entry)
            WHERE event.claim <> bases[event.place] ORDER BY event.entry LIMIT 1;
            IF FOUND THEN
                PERFORM refuse('PC003', json_build_object('entry', refused.entry, 'actual', refused.actual));
            END IF;
        END IF;

        INSERT INTO log (
            position, stream, process, at, message_type, kind, partition, version, causation, sender, payload, trace
        )
        SELECT commit_batch.after + entry.ordinal, streams[entry.stream], resolve(entry.process, commit_batch.after),
               entry.at, types[entry.type], entry.kind, entry.partition,
               bases[entry.event_place] + entry.before + 1,
               resolve(entry.causation, commit_batch.after), streams[entry.sender], entry.payload, entry.trace
        FROM unnest(
            kinds, entry_streams, entry_types, partitions, payloads, processes, causations, ats, senders, traces,
            event_places, offsets
        ) WITH ORDINALITY AS entry (
            kind, stream, type, partition, payload, process, causation, at, sender, trace, event_place, before, ordinal
        );

        WITH written AS (
            INSERT INTO process_span (process, first, last, messages)
            SELECT resolve(span.process, commit_batch.after), commit_batch.after + span.first,
                   commit_batch.after + span.last, coalesce(before.messages, 0) + span.messages
            FROM unnest(span_processes, span_firsts, span_lasts, span_messages)
                AS span (process, first, last, messages)
            LEFT JOIN LATERAL (
                -- One that begins in this batch has none.
                SELECT messages FROM process_span
                WHERE process = span.process AND span.process >= 0 ORDER BY first DESC LIMIT 1
            ) AS before ON true
            RETURNING process, messages
        )
        SELECT process, messages INTO refused FROM written
        WHERE messages > most_messages ORDER BY process LIMIT 1;
        IF FOUND THEN
            PERFORM refuse('PC005', json_build_object(
                'process', refused.process, 'what', 'messages', 'size', refused.messages, 'limit', most_messages));
        END IF;
    END IF;

    IF moved_partitions IS NOT NULL THEN
        PERFORM move_checkpoints(moved_partitions, move_tokens, move_froms, move_tos, new_head);
    END IF;
    IF rare_text IS NOT NULL THEN
        IF rare_text::jsonb - 'read_models' <> '{}'::jsonb THEN
            PERFORM commit_beside(rare_text::jsonb, after, streams, types, payloads);
        END IF;
        IF rare_text::jsonb ? 'read_models' THEN
            PERFORM commit_read_models(rare_text::jsonb -> 'read_models', after, new_head, streams);
        END IF;
    END IF;
    IF new_head > after AND EXISTS (SELECT FROM writer WHERE is_listening AND id <> writer_id) THEN
        PERFORM pg_notify('procession ' || 'log'::regclass::oid, new_head::text);
    END IF;
END $$;

-- Moves checkpoints forward, all or none. A partition that moves twice moves from where it came to.
CREATE FUNCTION move_checkpoints(
    partitions integer[], tokens bigint[], froms bigint[], tos bigint[], head bigint
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    refused record;
BEGIN
    SELECT * INTO refused FROM (
        SELECT move.*, partition.token AS actual_token,
               coalesce(lag(move.target) OVER (PARTITION BY move.partition ORDER BY move.ordinal), partition.checkpoint)
                   AS actual
        FROM unnest(partitions, tokens, froms, tos) WITH ORDINALITY AS move (partition, token, source, target, ordinal)
        LEFT JOIN partition ON partition.id = move.partition
    ) AS moves
    WHERE actual_token IS NULL OR actual_token <> token OR actual <> source OR target < source
        OR target > move_checkpoints.head
    ORDER BY ordinal LIMIT 1;
    IF FOUND THEN
        PERFORM refuse('PC004', json_build_object(
            'move', refused.ordinal, 'token', refused.actual_token, 'actual', refused.actual, 'head', head));
    END IF;
    UPDATE partition SET checkpoint = moves.target
    FROM (
        SELECT move.partition, max(move.target) AS target FROM unnest(partitions, tos) AS move (partition, target)
        GROUP BY move.partition
    ) AS moves
    WHERE partition.id = moves.partition AND partition.checkpoint <> moves.target;
END $$;

-- Takes partitions over from whoever owned them.
CREATE FUNCTION acquire(asked integer[], OUT "partition" integer, OUT token bigint, OUT checkpoint bigint)
RETURNS SETOF record LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(lock_key(0));
    FOREACH "partition" IN ARRAY asked LOOP
        UPDATE partition SET token = partition.token + 1 WHERE id = acquire.partition
        RETURNING partition.token, partition.checkpoint INTO acquire.token, acquire.checkpoint;
        IF NOT FOUND THEN
            PERFORM refuse('PC004', json_build_object('partition', acquire.partition));
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

-- A connection begins to write, perhaps in place of one that is lost. That one can commit nothing any more, and what it
-- has committed is told, as often as it is asked for.
CREATE FUNCTION begin_writing(
    lost bigint, OUT id bigint, OUT head bigint, OUT sequences bigint[], OUT afters bigint[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    -- Whoever commits after this sees that there is one more to be told.
    PERFORM pg_advisory_xact_lock(lock_key(0));
    UPDATE writer SET is_closed = true, is_listening = false WHERE writer.id = lost
    RETURNING writer.sequences, writer.afters INTO begin_writing.sequences, begin_writing.afters;
    INSERT INTO writer DEFAULT VALUES RETURNING writer.id INTO begin_writing.id;
    PERFORM pg_advisory_lock(lock_key(begin_writing.id));
    begin_writing.head := (SELECT coalesce(max(position), 0) FROM log);

    UPDATE writer SET is_listening = false, found_dead = clock_timestamp()
    WHERE found_dead IS NULL AND NOT is_alive(writer.id);
    DELETE FROM writer WHERE found_dead < clock_timestamp() - interval '1 day';
END $$;

-- Whether the connection of a writer is there: it holds a lock as long as it lives.
CREATE FUNCTION is_alive(writer bigint) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = 'log'::regclass::oid AND objid = ((writer & 4294967295))::oid
);

-- The newest position, when all who are about to write have written.
CREATE FUNCTION head_behind_all() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(lock_key(0));
    RETURN (SELECT coalesce(max(position), 0) FROM log);
END $$;
