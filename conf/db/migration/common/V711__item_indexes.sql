-- Each step of a reading looks for what waits and for parts of one thing: never through all the source holds.
DROP INDEX source_items_phase;
CREATE INDEX source_items_phase ON source_items (tenant, knowledge_base, source, phase, place);
CREATE INDEX source_items_parent ON source_items (tenant, knowledge_base, source, parent);
