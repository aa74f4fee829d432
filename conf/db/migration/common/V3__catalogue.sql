-- Which knowledge bases there are. Written as intent before the entity is asked (confirmed = FALSE), confirmed after it
-- persisted; busy rows are woken at start, so that unfinished work goes on by itself.
CREATE TABLE knowledge_bases (
    tenant VARCHAR(64) NOT NULL,
    id VARCHAR(64) NOT NULL,
    confirmed BOOLEAN NOT NULL,
    busy BOOLEAN NOT NULL,
    slug VARCHAR(64),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX knowledge_bases_slug ON knowledge_bases (slug);
CREATE INDEX knowledge_bases_busy ON knowledge_bases (busy);

CREATE TABLE conversations (
    tenant VARCHAR(64) NOT NULL,
    id VARCHAR(64) NOT NULL,
    knowledge_base VARCHAR(64) NOT NULL,
    status VARCHAR(16) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX conversations_of ON conversations (tenant, knowledge_base, id);
