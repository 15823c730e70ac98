-- Migration 4: history can be asked. What a run changed and what became of a
-- message is found without reading all events.

-- "old" of an event "arrived" without UID is the id of the message that it puts
-- back, where it does so.
CREATE INDEX event_run ON event(run) WHERE run IS NOT NULL;
CREATE INDEX event_moved ON event(new) WHERE kind = 'moved';
CREATE INDEX event_restored ON event(old) WHERE kind = 'arrived' AND old IS NOT NULL;
