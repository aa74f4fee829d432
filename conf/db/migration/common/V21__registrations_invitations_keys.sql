-- What a link in a mail stands for. The token itself is only in the mail; it is good once.
CREATE TABLE mailed_links (
    hash VARCHAR(64) PRIMARY KEY,
    purpose VARCHAR(20) NOT NULL,
    email VARCHAR(320) NOT NULL,
    name VARCHAR(200),
    tenant_name VARCHAR(200),
    password_hash VARCHAR(400),
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL
);

CREATE TABLE invitations (
    id VARCHAR(64) PRIMARY KEY,
    tenant VARCHAR(64) NOT NULL REFERENCES tenants (id),
    email VARCHAR(320) NOT NULL,
    role VARCHAR(20) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    invited_by VARCHAR(64) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE UNIQUE INDEX invitations_hash ON invitations (hash);
CREATE INDEX invitations_of ON invitations (tenant, id);

-- Keys for machines. A key can do no more than its maker can at the moment, and ends with them.
CREATE TABLE api_keys (
    id VARCHAR(64) PRIMARY KEY,
    tenant VARCHAR(64) NOT NULL REFERENCES tenants (id),
    user_id VARCHAR(64) NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name VARCHAR(200) NOT NULL,
    prefix VARCHAR(16) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    scopes VARCHAR(100) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    ends_at TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
CREATE INDEX api_keys_of ON api_keys (tenant, id);
