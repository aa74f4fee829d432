-- What embeds for knowledge bases from before each had an embedding model of its own. One row, written once.
CREATE TABLE unpinned_space (
    id INTEGER PRIMARY KEY,
    model VARCHAR(300) NOT NULL,
    dimensions INTEGER NOT NULL
);
