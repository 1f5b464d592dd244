ALTER TABLE log ADD COLUMN sender INTEGER;
ALTER TABLE timer ADD COLUMN sender INTEGER;

CREATE INDEX timer_by_stream ON timer (stream);
CREATE INDEX timer_by_sender ON timer (sender) WHERE sender IS NOT NULL;

DROP VIEW message;
