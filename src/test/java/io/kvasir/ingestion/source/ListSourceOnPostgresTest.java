package io.kvasir.ingestion.source;

import io.kvasir.jdbc.TestDatabase;

/** The same on the other database. */
class ListSourceOnPostgresTest extends ListSourceTest {
    @Override
    protected TestDatabase database() {
        return TestDatabase.POSTGRESQL;
    }
}
