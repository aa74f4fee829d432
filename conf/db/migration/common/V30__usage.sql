-- What tenants used, by day in UTC, knowledge base and model.
CREATE TABLE usage_days (
    tenant VARCHAR(64) NOT NULL,
    used_on DATE NOT NULL,
    knowledge_base VARCHAR(64) NOT NULL,
    provider VARCHAR(100) NOT NULL,
    model VARCHAR(200) NOT NULL,
    messages BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    cost_micros BIGINT NOT NULL,
    PRIMARY KEY (tenant, used_on, knowledge_base, provider, model)
);

-- Up to which settlement a tenant's rows count: booking the same one again changes nothing.
CREATE TABLE usage_booked (
    tenant VARCHAR(64) PRIMARY KEY,
    settlement BIGINT NOT NULL
);
