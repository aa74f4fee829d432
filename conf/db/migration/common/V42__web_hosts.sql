-- When the next request to a host may be made, whoever asks: politeness is one for all tenants and nodes.
CREATE TABLE web_hosts (
    host VARCHAR(300) PRIMARY KEY,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL
);
