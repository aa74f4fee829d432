-- Pages of which origins may talk with a shared knowledge base, exactly as browsers name them.
CREATE TABLE sites (
    tenant VARCHAR(64) NOT NULL,
    knowledge_base VARCHAR(64) NOT NULL,
    origin VARCHAR(300) NOT NULL,
    PRIMARY KEY (tenant, knowledge_base, origin)
);

-- A browser asks about a conversation before it sends who asks.
CREATE INDEX conversations_by_id ON conversations (id);
