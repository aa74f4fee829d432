-- Who somebody is elsewhere. Found by issuer and subject alone: an address may change hands, a subject does not.
CREATE TABLE provider_links (
    issuer VARCHAR(300) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    user_id VARCHAR(64) NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX provider_links_of ON provider_links (user_id);

-- Logins at a provider that are under way: each is for one browser, and good once.
CREATE TABLE oauth_flows (
    state_hash VARCHAR(64) PRIMARY KEY,
    provider VARCHAR(64) NOT NULL,
    browser_hash VARCHAR(64) NOT NULL,
    nonce VARCHAR(64) NOT NULL,
    verifier VARCHAR(64) NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL
);
