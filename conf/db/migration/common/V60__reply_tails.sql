-- What replies under way have gained since the journal last heard of them, written before a reader sees it. Sealed under
-- the conversation's key; gone once the turn is over.
CREATE TABLE reply_tails (
    conversation VARCHAR(255) NOT NULL,
    turn INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    subject VARCHAR(255) NOT NULL,
    piece BYTEA NOT NULL,
    PRIMARY KEY (conversation, turn, ordinal)
);
