-- Each step of a reading looks for what waits, for parts of one thing, and for how much there is: never through all that
-- the source holds.
DROP INDEX source_items_phase;
CREATE INDEX source_items_phase ON source_items (tenant, knowledge_base, source, phase, place);
CREATE INDEX source_items_parent ON source_items (tenant, knowledge_base, source, parent);
CREATE INDEX source_items_tally ON source_items (tenant, knowledge_base, source, published, code, size, phase);
