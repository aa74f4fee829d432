-- Questions with their answers, sealed under the key of the knowledge base's list. asked is a hash of the question
-- without case, punctuation and spacing, for those who ask exactly this. place orders them, with room between.
CREATE TABLE faq_entries (
    tenant VARCHAR(64) NOT NULL,
    knowledge_base VARCHAR(64) NOT NULL,
    id VARCHAR(64) NOT NULL,
    place BIGINT NOT NULL,
    version BIGINT NOT NULL,
    asked CHAR(64) NOT NULL,
    question BYTEA NOT NULL,
    answer BYTEA NOT NULL,
    metadata BYTEA,
    language VARCHAR(35),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (tenant, knowledge_base, id)
);
CREATE INDEX faq_entries_place ON faq_entries (tenant, knowledge_base, place);
CREATE INDEX faq_entries_asked ON faq_entries (tenant, knowledge_base, asked);
