-- Where each thing of a source led when it was last read, sealed; empty for nowhere, null where nobody knows. What can't be
-- read, or did not change, leads there still: what nothing leads to any more leaves the index.
ALTER TABLE source_items ADD COLUMN links BYTEA;
