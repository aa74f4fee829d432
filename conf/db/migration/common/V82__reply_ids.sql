-- What a request with an Idempotency-Key creates has this id, however often it is begun.
ALTER TABLE remembered_replies ADD COLUMN creates VARCHAR(64);
