-- Runtimes that share the work. `writer` is the connection that one writes by.
CREATE TABLE node (
    id     bigint PRIMARY KEY,
    name   text NOT NULL,
    came   timestamptz NOT NULL,
    beat   timestamptz NOT NULL,
    lease  interval NOT NULL,
    writer bigint NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Which node owns which partition; one that is not here is free.
CREATE TABLE share (
    partition smallint PRIMARY KEY,
    node      bigint NOT NULL
);

CREATE INDEX timer_by_partition ON timer (partition, due, id);

-- The lock under which nodes come, go and share. Who needs that of the log too takes that first.
CREATE FUNCTION lock_nodes() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(lock_key(4294967295));
END $$;

-- A node lives until its lease runs out. One whose connection is gone has died, most likely; it is given the time to come
-- back with another one.
CREATE FUNCTION lives(node node) RETURNS boolean LANGUAGE sql STABLE
RETURN CASE
    WHEN clock_timestamp() < node.beat + node.lease / 4 THEN true
    WHEN clock_timestamp() < node.beat + node.lease THEN is_alive(node.writer)
    ELSE false
END;

-- Who shares, and of each partition its owner, its token and its checkpoint. A node is heard when it was in the last three of its
-- heartbeats and its connection is there.
CREATE FUNCTION sharing(
    OUT nodes bigint[], OUT are_settled boolean[], OUT are_heard boolean[],
    OUT owners bigint[], OUT tokens bigint[], OUT checkpoints bigint[]
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT array_agg(node.id ORDER BY node.id),
           array_agg(clock_timestamp() >= node.came + node.lease / 4 ORDER BY node.id),
           array_agg(clock_timestamp() < node.beat + node.lease * 0.3 AND is_alive(node.writer) ORDER BY node.id)
    INTO nodes, are_settled, are_heard FROM node;
    SELECT array_agg(share.node ORDER BY partition.id), array_agg(partition.token ORDER BY partition.id),
           array_agg(partition.checkpoint ORDER BY partition.id)
    INTO owners, tokens, checkpoints
    FROM partition LEFT JOIN share ON share.partition = partition.id;
END $$;

-- A sign of life. What the node returns is free, and what belongs to those who have died.
CREATE FUNCTION beat(node_id bigint, node_name text, lease_milliseconds bigint, writer_id bigint, returned smallint[])
RETURNS TABLE (
    nodes bigint[], are_settled boolean[], are_heard boolean[], owners bigint[], tokens bigint[], checkpoints bigint[]
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM lock_nodes();
    DELETE FROM node WHERE NOT lives(node);
    INSERT INTO node (id, name, came, beat, lease, writer)
    VALUES (node_id, node_name, clock_timestamp(), clock_timestamp(), lease_milliseconds * interval '1 millisecond', writer_id)
    ON CONFLICT (id) DO UPDATE SET beat = excluded.beat, lease = excluded.lease, writer = excluded.writer;
    DELETE FROM share
    WHERE (node = node_id AND partition = ANY (returned)) OR NOT EXISTS (SELECT FROM node AS it WHERE it.id = share.node);
    RETURN QUERY SELECT * FROM sharing();
END $$;

-- A node takes what is free of these. Its last owner can commit nothing more for it.
CREATE FUNCTION claim(node_id bigint, wanted smallint[])
RETURNS TABLE (
    nodes bigint[], are_settled boolean[], are_heard boolean[], owners bigint[], tokens bigint[], checkpoints bigint[]
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(lock_key(0));
    PERFORM lock_nodes();
    IF EXISTS (SELECT FROM node WHERE id = node_id) THEN
        WITH claimed AS (
            INSERT INTO share (partition, node) SELECT it, node_id FROM unnest(wanted) AS it
            ON CONFLICT DO NOTHING RETURNING share.partition
        )
        UPDATE partition SET token = token + 1 FROM claimed WHERE claimed.partition = partition.id;
    END IF;
    RETURN QUERY SELECT * FROM sharing();
END $$;

CREATE FUNCTION leave(node_id bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_nodes();
    DELETE FROM node WHERE id = node_id;
    DELETE FROM share WHERE node = node_id;
END $$;
