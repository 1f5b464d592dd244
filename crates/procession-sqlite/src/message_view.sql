-- For people with an SQL prompt.
CREATE VIEW message AS
SELECT log.position,
       CASE log.kind
           WHEN 1 THEN 'event' WHEN 2 THEN 'command' WHEN 3 THEN 'executed command' WHEN 4 THEN 'rejection'
           WHEN 5 THEN 'input' WHEN 6 THEN 'ignored' WHEN 7 THEN 'public event' WHEN 8 THEN 'failure' WHEN 9 THEN 'operation'
           ELSE 'effect result'
       END AS kind,
       stream.category, stream.key, log.version, message_type.name, log.payload, log.process, log.causation,
       strftime('%Y-%m-%dT%H:%M:%fZ', log.at / 1e6, 'unixepoch') AS at
FROM log
JOIN stream ON stream.id = log.stream
JOIN message_type ON message_type.id = log.message_type;
