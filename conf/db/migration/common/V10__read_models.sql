-- Rows are the outcome of an entity's events up to this sequence number. 0: an intent, or a row of before there were projections.
ALTER TABLE knowledge_bases ADD COLUMN version BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE conversations ADD COLUMN version BIGINT DEFAULT 0 NOT NULL;

-- How far each projection has come, as Pekko Projection JDBC 1.0 wants it; written in the transaction of the rows.
CREATE TABLE "pekko_projection_offset_store" (
    "projection_name" VARCHAR(255) NOT NULL,
    "projection_key" VARCHAR(255) NOT NULL,
    "current_offset" VARCHAR(255) NOT NULL,
    "manifest" VARCHAR(4) NOT NULL,
    "mergeable" BOOLEAN NOT NULL,
    "last_updated" BIGINT NOT NULL,
    PRIMARY KEY ("projection_name", "projection_key")
);

CREATE TABLE "pekko_projection_management" (
    "projection_name" VARCHAR(255) NOT NULL,
    "projection_key" VARCHAR(255) NOT NULL,
    "paused" BOOLEAN NOT NULL,
    "last_updated" BIGINT NOT NULL,
    PRIMARY KEY ("projection_name", "projection_key")
);
