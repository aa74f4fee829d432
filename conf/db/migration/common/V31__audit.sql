-- Who did what: append-only, each row chained to the one before it by its hash. What could name a person stands sealed
-- under a key of that person or thing, so that it can be erased without breaking the chain.
CREATE TABLE audit_entries (
    tenant VARCHAR(64) NOT NULL,
    number BIGINT NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor VARCHAR(140) NOT NULL,
    action VARCHAR(140) NOT NULL,
    subject VARCHAR(400) NOT NULL,
    details BYTEA NOT NULL,
    origin BYTEA NOT NULL,
    previous CHAR(64) NOT NULL,
    hash CHAR(64) NOT NULL,
    PRIMARY KEY (tenant, number)
);
CREATE INDEX audit_entries_actor ON audit_entries (tenant, actor, number);
CREATE INDEX audit_entries_action ON audit_entries (tenant, action, number);

-- Where each tenant's chain ends; locked while a row is added.
CREATE TABLE audit_heads (
    tenant VARCHAR(64) PRIMARY KEY,
    number BIGINT NOT NULL,
    hash CHAR(64) NOT NULL
);
