ALTER TABLE log ADD COLUMN sender INTEGER;
ALTER TABLE timer ADD COLUMN sender INTEGER;

CREATE INDEX timer_by_stream ON timer (stream);

DROP VIEW message;

-- In format 1 only sagas reacted to events, and their messages were parked beside their bare names.
UPDATE parked SET handler = 'saga ' || handler WHERE position IN (SELECT position FROM log WHERE kind = 1);
