-- People and the tenants they belong to: one may belong to several, with one role in each.
CREATE TABLE tenants (
    id VARCHAR(64) PRIMARY KEY,
    name VARCHAR(200) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    suspended_at TIMESTAMP WITH TIME ZONE
);

CREATE TABLE memberships (
    tenant VARCHAR(64) NOT NULL REFERENCES tenants (id),
    member VARCHAR(64) NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role VARCHAR(20) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    suspended_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (tenant, member)
);
CREATE INDEX memberships_of ON memberships (member);

INSERT INTO tenants (id, name, created_at)
    SELECT tenant, 'Home', MIN(created_at) FROM users GROUP BY tenant;
INSERT INTO memberships (tenant, member, role, created_at)
    SELECT tenant, id,
        CASE WHEN roles LIKE '%SUPER_ADMIN%' THEN 'SUPER_ADMIN'
             WHEN roles LIKE '%OWNER%' THEN 'OWNER'
             WHEN roles LIKE '%ADMIN%' THEN 'ADMIN'
             WHEN roles LIKE '%STAFF%' THEN 'STAFF'
             ELSE 'VIEWER' END,
        created_at
    FROM users;

ALTER TABLE users DROP COLUMN tenant;
ALTER TABLE users DROP COLUMN roles;
-- Whoever came by Google or GitHub has no password.
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;
ALTER TABLE users ADD COLUMN name VARCHAR(200);
ALTER TABLE users ADD COLUMN suspended_at TIMESTAMP WITH TIME ZONE;

-- A login that goes on: one row is a family of refresh tokens of which only the newest is good.
CREATE TABLE sessions (
    id VARCHAR(64) PRIMARY KEY,
    user_id VARCHAR(64) NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    tenant VARCHAR(64) NOT NULL,
    refresh_hash VARCHAR(64) NOT NULL,
    refresh_ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    address VARCHAR(64) NOT NULL,
    agent VARCHAR(300) NOT NULL
);
CREATE UNIQUE INDEX sessions_refresh ON sessions (refresh_hash);
CREATE INDEX sessions_of ON sessions (user_id);

-- Refresh tokens that were traded in: one that comes again was stolen, or its thief was faster.
CREATE TABLE spent_refresh_tokens (
    hash VARCHAR(64) PRIMARY KEY,
    session VARCHAR(64) NOT NULL REFERENCES sessions (id) ON DELETE CASCADE
);
CREATE INDEX spent_refresh_tokens_of ON spent_refresh_tokens (session);

-- Failures that slow down whoever causes them. The id is a hash of what was tried and from where.
CREATE TABLE attempts (
    id VARCHAR(64) PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    blocked_until TIMESTAMP WITH TIME ZONE NOT NULL
);

-- News for all nodes: whose access has just ended.
CREATE TABLE access_endings (
    id VARCHAR(64) PRIMARY KEY,
    user_id VARCHAR(64),
    tenant VARCHAR(64),
    credential VARCHAR(64),
    at TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE INDEX access_endings_at ON access_endings (at);
