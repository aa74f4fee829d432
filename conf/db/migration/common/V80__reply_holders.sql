-- Which server is at work on a claimed key: another may take the claim over once that one is gone.
ALTER TABLE remembered_replies ADD COLUMN holder VARCHAR(300);
CREATE INDEX remembered_replies_created_at ON remembered_replies (created_at);
