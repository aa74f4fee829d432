-- Consents to read a mailbox that are under way: each is for one browser and one account, and good once.
CREATE TABLE email_authorizations (
    state_hash VARCHAR(64) PRIMARY KEY,
    browser_hash VARCHAR(64) NOT NULL,
    tenant VARCHAR(64) NOT NULL,
    knowledge_base VARCHAR(64) NOT NULL,
    source VARCHAR(64) NOT NULL,
    verifier VARCHAR(128) NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL
);
