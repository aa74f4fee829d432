package io.kvasir.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.DatabaseSettings;
import io.kvasir.jdbc.PostgresForTests;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MembershipsMigrationTest {
    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void thePeopleOfBeforeKeepTheirTenants(TestDatabase kind) throws Exception {
        boolean h2 = kind == TestDatabase.H2;
        String url = h2
                ? "jdbc:h2:mem:" + Ids.next() + ";DB_CLOSE_DELAY=-1"
                : PostgresForTests.shared().database();
        String user = h2 ? "sa" : PostgresForTests.USER;
        Flyway.configure()
                .dataSource(url, user, "")
                .locations("classpath:db/migration/" + (h2 ? "h2" : "postgresql"), "classpath:db/migration/common")
                .target("3")
                .load()
                .migrate();
        try (Connection c = DriverManager.getConnection(url, user, "");
                Statement statement = c.createStatement()) {
            statement.execute("INSERT INTO users VALUES ('u', 't', 'o@x', 'hash', 'OWNER', CURRENT_TIMESTAMP)");
        }

        Database.open(new DatabaseSettings(url, user, "", 4, Duration.ofSeconds(5), Duration.ofSeconds(60), true))
                .close();

        try (Connection c = DriverManager.getConnection(url, user, "")) {
            assertThat(Directory.memberships(c, new UserId("u")))
                    .containsExactly(
                            new Directory.Member(new UserId("u"), new TenantId("t"), "Home", Role.OWNER, false));
            assertThat(Directory.byEmail(c, "o@x").orElseThrow().hash()).contains("hash");
        }
    }
}
