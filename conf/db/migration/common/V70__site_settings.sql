-- What the owner of a shared knowledge base chose beside its sites; a row only where something was chosen.
CREATE TABLE site_settings (
    tenant VARCHAR(64) NOT NULL,
    knowledge_base VARCHAR(64) NOT NULL,
    -- whether search engines may list its page; null: as the server's setting says
    indexed BOOLEAN,
    -- with which the owner's own server signs who a visitor is, sealed; null: visitors are nobody in particular
    secret BYTEA,
    PRIMARY KEY (tenant, knowledge_base)
);
