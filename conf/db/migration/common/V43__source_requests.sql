-- Which request added a source: asked again, since nobody heard what came of it, it is given its own. Null for those
-- that were added before, or by no request.
ALTER TABLE sources ADD COLUMN added_by VARCHAR(64);
