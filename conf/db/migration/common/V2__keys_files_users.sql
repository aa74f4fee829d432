-- One data key per subject, wrapped by the master key that is kept outside the database.
CREATE TABLE data_keys (
    subject VARCHAR(300) PRIMARY KEY,
    wrapped BYTEA NOT NULL
);

-- A file is the complete generation its row names; chunks of other generations are leftovers.
CREATE TABLE blobs (
    scope VARCHAR(140) NOT NULL,
    id VARCHAR(64) NOT NULL,
    generation VARCHAR(64) NOT NULL,
    subject VARCHAR(300) NOT NULL,
    size BIGINT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    PRIMARY KEY (scope, id)
);
CREATE UNIQUE INDEX blobs_generation ON blobs (generation);

CREATE TABLE blob_chunks (
    generation VARCHAR(64) NOT NULL,
    ordinal INTEGER NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (generation, ordinal)
);

CREATE TABLE users (
    id VARCHAR(64) PRIMARY KEY,
    tenant VARCHAR(64) NOT NULL,
    email VARCHAR(320) NOT NULL,
    password_hash VARCHAR(400) NOT NULL,
    roles VARCHAR(200) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (email);

-- Key pairs that sign tokens; the private half is sealed by the master key.
CREATE TABLE signing_keys (
    kid VARCHAR(64) PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL
);

-- Answers to POSTs that carried an Idempotency-Key, so that asking twice creates once. No status: still at work.
CREATE TABLE remembered_replies (
    caller VARCHAR(140) NOT NULL,
    idempotency_key VARCHAR(200) NOT NULL,
    request_hash CHAR(64) NOT NULL,
    status INTEGER,
    body BYTEA,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (caller, idempotency_key)
);
