-- What knowledge bases are kept fresh from: one row per site, mailbox, list. Settings and memory are sealed under the
-- source's own key. A row that is due and that no living node has leased is claimed by one conditional update.
CREATE TABLE sources (
    tenant VARCHAR(64) NOT NULL,
    knowledge_base VARCHAR(64) NOT NULL,
    id VARCHAR(64) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    settings BYTEA NOT NULL,
    memory BYTEA,
    state VARCHAR(16) NOT NULL,
    every_seconds BIGINT,
    due_at TIMESTAMP WITH TIME ZONE,
    next_cause VARCHAR(16) NOT NULL,
    failures INTEGER NOT NULL,
    error_code VARCHAR(64),
    error_detail BYTEA,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE,
    run VARCHAR(64),
    cancel_asked BOOLEAN NOT NULL,
    lease_owner VARCHAR(64),
    lease_until TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (tenant, knowledge_base, id)
);
CREATE INDEX sources_due ON sources (due_at);

-- What each source holds: pages, mails, entries. phase: found (to be read), fetched (its bytes are kept), staged (its
-- passages wait), gone (to be hidden and forgotten), skipped (to be hidden), done.
CREATE TABLE source_items (
    tenant VARCHAR(64) NOT NULL,
    knowledge_base VARCHAR(64) NOT NULL,
    source VARCHAR(64) NOT NULL,
    id VARCHAR(64) NOT NULL,
    parent VARCHAR(64),
    name BYTEA NOT NULL,
    note BYTEA,
    marks BYTEA,
    card BYTEA,
    place BIGINT NOT NULL,
    phase VARCHAR(8) NOT NULL,
    run VARCHAR(64) NOT NULL,
    version BIGINT NOT NULL,
    published BIGINT NOT NULL,
    size BIGINT NOT NULL,
    hash CHAR(64),
    code VARCHAR(64),
    detail BYTEA,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (tenant, knowledge_base, source, id)
);
CREATE INDEX source_items_phase ON source_items (source, phase, place);

-- Every time a source was read.
CREATE TABLE source_runs (
    tenant VARCHAR(64) NOT NULL,
    knowledge_base VARCHAR(64) NOT NULL,
    source VARCHAR(64) NOT NULL,
    id VARCHAR(64) NOT NULL,
    cause VARCHAR(16) NOT NULL,
    status VARCHAR(16) NOT NULL,
    listing VARCHAR(8) NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    found INTEGER NOT NULL,
    fetched INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    error_code VARCHAR(64),
    error_detail BYTEA,
    PRIMARY KEY (tenant, knowledge_base, source, id)
);
