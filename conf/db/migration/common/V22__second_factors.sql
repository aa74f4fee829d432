-- TOTP secrets, sealed. A step of the clock that was used counts no more.
CREATE TABLE second_factors (
    user_id VARCHAR(64) PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed BYTEA NOT NULL,
    confirmed BOOLEAN NOT NULL,
    last_step BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    user_id VARCHAR(64) NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash VARCHAR(64) NOT NULL,
    PRIMARY KEY (user_id, hash)
);

-- Logins that wait for the second factor.
CREATE TABLE login_challenges (
    hash VARCHAR(64) PRIMARY KEY,
    user_id VARCHAR(64) NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    by_cookie BOOLEAN NOT NULL,
    attempts_left INTEGER NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL
);
