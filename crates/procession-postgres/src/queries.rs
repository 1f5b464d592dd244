//! What is asked, as the server prepares it once for each connection.
//!
//! A plan is made when a table may still be empty, and kept when it has grown. So it is written down from where to where each
//! query goes: by `LEFT JOIN`, though what is looked up is always there, and by `LATERAL` with a limit.

/// An entry of the log, in columns as [`crate::rows::recorded`] reads them. Its streams and its type are numbers, whose names
/// are known mostly.
macro_rules! recorded {
    ($from:literal) => {
        concat!(
            "SELECT log.position, log.kind, log.stream, log.version, log.message_type, log.payload, log.process,
                log.causation, log.at, log.sender, log.trace ",
            $from
        )
    };
    ($columns:literal, $from:literal) => {
        concat!(
            "SELECT log.position, log.kind, log.stream, log.version, log.message_type, log.payload, log.process,
                log.causation, log.at, log.sender, log.trace, ",
            $columns,
            " ",
            $from
        )
    };
}

/// What numbers of streams stand for.
pub(crate) const STREAMS_OF_NUMBERS: &str =
    "SELECT id, category, key FROM unnest($1::bigint[]) AS asked (number)
    CROSS JOIN LATERAL (SELECT * FROM stream WHERE stream.id = asked.number LIMIT 1) AS stream";

/// What numbers of message types stand for.
pub(crate) const TYPES_OF_NUMBERS: &str =
    "SELECT id, name, schema_version FROM message_type WHERE id = ANY ($1::integer[])";

pub(crate) const LOG: &str = recorded!(
    "FROM log
    WHERE log.position > $1 ORDER BY log.position LIMIT $2"
);

/// What some partitions have of a stretch of the log, and what operators have asked for in others.
pub(crate) const SHARE: &str = recorded!(
    "FROM log
    WHERE log.position > $1 AND log.position <= $2 AND (log.partition = ANY ($3::smallint[]) OR log.kind = 9)
    ORDER BY log.position LIMIT $4"
);

/// Whether any timer is due, and whether anything is parked at all, is asked once for all processes.
/// Of a newest entry kind and name are told if it is not handled.
pub(crate) const STANDING: &str = "SELECT (SELECT coalesce(max(position), 0) FROM log),
        (SELECT array_agg(checkpoint ORDER BY id) FROM partition),
        array_agg(coalesce(span.last, 0) ORDER BY asked.ordinal),
        array_agg(entry.kind ORDER BY asked.ordinal),
        array_agg(entry.name ORDER BY asked.ordinal),
        array_agg(asked.process IN (SELECT process FROM call) ORDER BY asked.ordinal),
        array_agg(CASE WHEN (SELECT due <= $2 FROM timer ORDER BY due LIMIT 1)
            THEN EXISTS (SELECT FROM timer WHERE timer.process = asked.process AND due <= $2) ELSE false
        END ORDER BY asked.ordinal),
        array_agg(CASE WHEN EXISTS (SELECT FROM parked)
            THEN (SELECT count(*) FROM parked WHERE parked.process = asked.process) ELSE 0
        END ORDER BY asked.ordinal)
    FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (process, ordinal)
    LEFT JOIN LATERAL (
        SELECT last FROM process_span WHERE process_span.process = asked.process ORDER BY first DESC LIMIT 1
    ) AS span ON true
    LEFT JOIN LATERAL (
        SELECT kind, (SELECT name FROM message_type WHERE message_type.id = log.message_type) AS name
        FROM log WHERE position = span.last
        AND position > (SELECT checkpoint FROM partition WHERE partition.id = log.partition) LIMIT 1
    ) AS entry ON true";

/// The processes are looked up in a table of their own: a join could read the log once for each of them.
pub(crate) const NEWEST: &str =
    "SELECT newest.process, newest.partition, newest.kind, message_type.name, newest.position
    FROM (
        SELECT process, partition, kind, message_type, max(position) AS position FROM log
        WHERE position > $1 AND position <= $2 AND (process IN (SELECT unnest($3::bigint[]))) IS TRUE
        GROUP BY process, partition, kind, message_type
    ) AS newest
    LEFT JOIN message_type ON message_type.id = newest.message_type";

/// The end of the log, and when the next timer of some partitions is due.
pub(crate) const END_OF_SHARE: &str = "SELECT (SELECT coalesce(max(position), 0) FROM log), (
        SELECT min(next.due) FROM unnest($1::smallint[]) AS asked (partition)
        CROSS JOIN LATERAL (
            SELECT due FROM timer WHERE timer.partition = asked.partition ORDER BY due LIMIT 1
        ) AS next
    )";

/// In the order in which the positions are given.
pub(crate) const ENTRIES: &str = recorded!(
    "FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (position, ordinal)
    CROSS JOIN LATERAL (SELECT * FROM log WHERE log.position = asked.position LIMIT 1) AS log
    ORDER BY asked.ordinal"
);

/// Of each of some streams the first events after a version, with the place of the stream among those that are asked for.
pub(crate) const STREAMS: &str = recorded!(
    "asked.ordinal",
    "FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (category, key, ordinal)
    CROSS JOIN LATERAL (
        SELECT * FROM stream WHERE stream.category = asked.category AND stream.key = asked.key LIMIT 1
    ) AS stream
    CROSS JOIN LATERAL (
        SELECT * FROM log WHERE log.stream = stream.id AND log.version IS NOT NULL AND log.version > $3
        ORDER BY log.version LIMIT $4
    ) AS log
    ORDER BY asked.ordinal, log.version"
);

/// Spans of a process do not overlap, so their order and that of the entries in them is the order of the log.
pub(crate) const PROCESS: &str = recorded!(
    "FROM process_span AS span
    CROSS JOIN LATERAL (
        SELECT * FROM log
        WHERE log.position BETWEEN greatest(span.first, $2::bigint + 1) AND span.last AND log.process = $1::bigint
        ORDER BY log.position LIMIT $3
    ) AS log
    WHERE span.process = $1 AND span.first >= coalesce(
        (SELECT max(before.first) FROM process_span AS before WHERE before.process = $1 AND before.first <= $2), 0
    )
    ORDER BY span.first, log.position LIMIT $3"
);

/// The newest event of each stream of a category, if it is none of some.
pub(crate) const OPEN_STREAMS: &str = recorded!(
    "FROM stream
    CROSS JOIN LATERAL (
        SELECT * FROM log WHERE log.stream = stream.id AND log.version IS NOT NULL ORDER BY log.version DESC LIMIT 1
    ) AS log
    LEFT JOIN message_type ON message_type.id = log.message_type
    WHERE stream.category = $1 AND stream.key > $2 AND message_type.name <> ALL ($3::text[])
    ORDER BY stream.key LIMIT $4"
);

pub(crate) const STREAMS_OF_CATEGORY: &str = "SELECT category, key FROM stream
    CROSS JOIN LATERAL (SELECT FROM log WHERE log.stream = stream.id AND log.version IS NOT NULL LIMIT 1) AS any_event
    WHERE category = $1 AND key > $2 ORDER BY key LIMIT $3";

pub(crate) const HEAD: &str = "SELECT coalesce(max(position), 0) FROM log";

pub(crate) const PROGRESS: &str = "SELECT (SELECT coalesce(max(position), 0) FROM log),
    (SELECT array_agg(checkpoint ORDER BY id) FROM partition)";

pub(crate) const KEY: &str = "SELECT position FROM idempotency_key WHERE key = $1";

/// The last span of a process knows how large it is.
macro_rules! extent {
    ($of:literal) => {
        concat!(
            "SELECT asked.process, span.last, span.messages,
                (SELECT count(*) FROM timer WHERE timer.process = asked.process)
            FROM (",
            $of,
            ") AS asked
            CROSS JOIN LATERAL (
                SELECT * FROM process_span WHERE process_span.process = asked.process ORDER BY first DESC LIMIT 1
            ) AS span
            ORDER BY asked.process DESC"
        )
    };
}

pub(crate) const EXTENT: &str = extent!("SELECT $1::bigint AS process");

/// From one process to the one before it, so that the many spans of a large one are not read.
pub(crate) const NEWEST_PROCESSES: &str = extent!(
    "WITH RECURSIVE newest (process) AS (
        SELECT max(process) FROM process_span WHERE process < $1
        UNION ALL
        SELECT (SELECT max(span.process) FROM process_span AS span WHERE span.process < newest.process)
        FROM newest WHERE newest.process IS NOT NULL
    )
    SELECT process FROM newest WHERE process IS NOT NULL LIMIT $2"
);

macro_rules! parked {
    ($condition:literal) => {
        concat!(
            "SELECT parked.position, parked.handler, stream.category, stream.key, parked.process, parked.cause, parked.at,
                parked.reason, parked.attempts, parked.retry_at, parked.edited
            FROM parked LEFT JOIN stream ON stream.id = parked.stream ",
            $condition,
            " ORDER BY parked.position, parked.handler LIMIT $1"
        )
    };
}

pub(crate) const PARKED: &str = parked!("");
pub(crate) const PARKED_AFTER: &str = parked!("WHERE (parked.position, parked.handler) > ($2, $3)");
pub(crate) const PARKED_OF_PROCESS: &str = parked!("WHERE parked.process = $2");
pub(crate) const PARKED_OF_PROCESS_AFTER: &str =
    parked!("WHERE parked.process = $2 AND (parked.position, parked.handler) > ($3, $4)");
pub(crate) const PARKED_OF_STREAM: &str = parked!(
    "WHERE parked.stream = (SELECT id FROM stream WHERE category = $2 AND key = $3) AND parked.handler = $4"
);

pub(crate) const CALLS: &str =
    "SELECT call.position, call.handler, stream.category, stream.key, call.process, call.attempts,
        call.due, call.cause, call.at
    FROM call LEFT JOIN stream ON stream.id = call.stream ORDER BY call.position, call.handler";

pub(crate) const ARCHIVED: &str = "SELECT process, first, last, entries, digest, file, at FROM archived
    WHERE (process, first) > ($1, $2) ORDER BY process, first LIMIT $3";

pub(crate) const HOLDS: &str = "SELECT process, kind, operation FROM hold ORDER BY process";

pub(crate) const NOTE: &str = "SELECT text FROM note WHERE name = $1";

pub(crate) const NOTES: &str = "SELECT name, text FROM note WHERE starts_with(name, $1) ORDER BY name";

macro_rules! timers {
    ($condition:literal) => {
        timers!("timer", $condition)
    };
    ($from:literal, $condition:literal) => {
        concat!(
            "SELECT timer.id, timer.due, stream.category, stream.key, message_type.name, message_type.schema_version,
                timer.payload, timer.process, timer.causation, sender.category, sender.key
            FROM ",
            $from,
            " LEFT JOIN stream ON stream.id = timer.stream
            LEFT JOIN stream AS sender ON sender.id = timer.sender
            LEFT JOIN message_type ON message_type.id = timer.message_type
            WHERE ",
            $condition,
            " ORDER BY timer.due, timer.id LIMIT $1"
        )
    };
}

pub(crate) const TIMERS_AFTER: &str = timers!("(timer.due, timer.id) > ($2, $3)");
pub(crate) const TIMERS_OF_PROCESS: &str = timers!("timer.process = $2");
pub(crate) const TIMER: &str = timers!("timer.id = $2");
pub(crate) const DUE_TIMERS: &str = timers!("timer.due <= $2");

pub(crate) const DUE_TIMERS_OF_SHARE: &str = timers!(
    "unnest($3::smallint[]) AS asked (partition)
    CROSS JOIN LATERAL (
        SELECT * FROM timer AS it WHERE it.partition = asked.partition AND it.due <= $2 ORDER BY it.due, it.id LIMIT $1
    ) AS timer",
    "true"
);

pub(crate) const NODES: &str = "SELECT node.id, node.name, (extract(epoch FROM node.came) * 1000000)::bigint,
        (extract(epoch FROM clock_timestamp() - node.beat) * 1000)::bigint,
        (extract(epoch FROM node.beat + node.lease - clock_timestamp()) * 1000)::bigint,
        (SELECT array_agg(share.partition ORDER BY share.partition) FROM share WHERE share.node = node.id)
    FROM node WHERE lives(node) ORDER BY node.came, node.id";

pub(crate) const NEXT_DUE: &str = "SELECT due FROM timer ORDER BY due LIMIT 1";

/// The versions of some streams, in the order in which they are asked for.
pub(crate) const VERSIONS: &str = "SELECT (
        SELECT coalesce(max(version), 0) FROM log
        WHERE version IS NOT NULL AND stream = (
            SELECT id FROM stream WHERE stream.category = asked.category AND stream.key = asked.key
        )
    ) FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (category, key, ordinal) ORDER BY asked.ordinal";

/// Who has a lock that keeps batches from being committed, waits for nobody, and began first. How old a transaction of
/// another user is, is shown to those only who may see it.
pub(crate) const WHO_BLOCKS: &str = "
    SELECT holder.pid, coalesce(activity.application_name, ''), coalesce(activity.state, 'of another user'),
        extract(epoch FROM clock_timestamp() - activity.xact_start)::bigint
    FROM pg_locks AS holder LEFT JOIN pg_stat_activity AS activity ON activity.pid = holder.pid
    WHERE holder.granted AND holder.pid <> pg_backend_pid()
    AND holder.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND CASE holder.locktype
        WHEN 'advisory' THEN holder.classid = 'log'::regclass::oid AND holder.objid = 0 AND holder.objsubid = 1
        WHEN 'relation' THEN holder.mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock')
            AND holder.relation IN (
                SELECT oid FROM pg_class
                WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'log'::regclass)
            )
        ELSE false
    END
    AND NOT EXISTS (SELECT FROM pg_locks AS wanted WHERE wanted.pid = holder.pid AND NOT wanted.granted)
    ORDER BY activity.xact_start LIMIT 1";
