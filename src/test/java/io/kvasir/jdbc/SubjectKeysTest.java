package io.kvasir.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.kernel.Sealed;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class SubjectKeysTest {
    private final Database database;
    private final Transactor transactor;

    SubjectKeysTest(TestDatabase kind) {
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 4);
    }

    @AfterEach
    void close() {
        transactor.close();
        database.close();
    }

    private SubjectKeys keys() {
        return new SubjectKeys(transactor, TestDatabase.masterKey());
    }

    private static <T> T join(java.util.concurrent.CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    @Test
    void opensWhatItSealedAfterARestart() {
        Sealed sealed = join(keys().obtain("t/conversation/1")).seal("héllo 😀");

        assertThat(join(keys().find("t/conversation/1")).orElseThrow().open(sealed))
                .isEqualTo("héllo 😀");
    }

    @Test
    void sealsTheSameTextDifferentlyEachTime() {
        SubjectKey key = join(keys().obtain("t/conversation/1"));

        assertThat(key.seal("same").bytes()).isNotEqualTo(key.seal("same").bytes());
    }

    @Test
    void doesNotOpenATextThatWasChanged() {
        SubjectKey key = join(keys().obtain("t/conversation/1"));
        byte[] bytes = key.seal("text").bytes();
        bytes[bytes.length - 1] ^= 1;

        assertThatThrownBy(() -> key.open(new Sealed(key.subject(), bytes))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void doesNotOpenATextOfAnotherSubject() {
        SubjectKeys keys = keys();
        Sealed sealed = join(keys.obtain("t/conversation/1")).seal("text");
        SubjectKey other = join(keys.obtain("t/conversation/2"));

        assertThatThrownBy(() -> other.open(new Sealed("t/conversation/2", sealed.bytes())))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void forgetsADestroyedKeyForEver() {
        SubjectKeys keys = keys();
        Sealed sealed = join(keys.obtain("t/conversation/1")).seal("secret");
        join(keys.destroy("t/conversation/1"));

        assertThat(join(keys.find("t/conversation/1"))).isEmpty();
        SubjectKey fresh = join(keys.obtain("t/conversation/1"));
        assertThatThrownBy(() -> fresh.open(sealed)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void manyAtOnceGetTheSameKey() {
        var all = IntStream.range(0, 20)
                .mapToObj(_ -> keys().obtain("t/conversation/1").toCompletableFuture())
                .toList();
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
        Sealed sealed = all.getFirst().join().seal("text");

        assertThat(all).allSatisfy(key -> assertThat(key.join().open(sealed)).isEqualTo("text"));
    }

    /** What comes before the next commit, once. */
    @FunctionalInterface
    private interface Before {
        void commit() throws SQLException;
    }

    private static DataSource disturbed(DataSource source, AtomicReference<Before> before) {
        Around commit = (method, call) -> {
            Before next = method.equals("commit") ? before.getAndSet(null) : null;
            if (next != null) {
                next.commit();
            }
            return call.get();
        };
        return wrapped(DataSource.class, source, (_, call) -> {
            Object result = call.get();
            return result instanceof Connection c ? wrapped(Connection.class, c, commit) : result;
        });
    }

    private interface Call {
        Object get() throws Throwable;
    }

    private interface Around {
        Object call(String method, Call call) throws Throwable;
    }

    private static <T> T wrapped(Class<T> type, T target, Around around) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (_, method, arguments) -> around.call(method.getName(), () -> {
                    try {
                        return method.invoke(target, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                })));
    }

    @Test
    void aKeyWhoseCommitFailedSealsNothing() {
        AtomicReference<Before> before = new AtomicReference<>(() -> {
            throw new SQLException("no space left on device");
        });
        try (Transactor full = new Transactor(disturbed(database.dataSource(), before), 2)) {
            SubjectKeys keys = new SubjectKeys(full, TestDatabase.masterKey());
            assertThatThrownBy(() -> join(keys.obtain("t/conversation/1")))
                    .hasRootCauseMessage("no space left on device");

            Sealed sealed = join(keys.obtain("t/conversation/1")).seal("text");

            assertThat(join(keys().find("t/conversation/1")).orElseThrow().open(sealed))
                    .isEqualTo("text");
        }
    }

    @Test
    void aKeyThatAnotherServerDestroyedIsSoonForgotten() {
        AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);
        SubjectKeys a = keys();
        SubjectKeys b = new SubjectKeys(transactor, TestDatabase.masterKey(), now::get);
        Sealed sealed = join(a.obtain("t/conversation/1")).seal("secret");
        assertThat(join(b.find("t/conversation/1"))).isPresent();
        join(b.obtain("t/conversation/2"));

        join(a.destroy("t/conversation/1"));
        join(a.destroyAll("t/conversation/2"));
        now.addAndGet(SubjectKeys.TRUSTED.toNanos());

        assertThat(join(b.find("t/conversation/1"))).isEmpty();
        assertThat(join(b.find("t/conversation/2"))).isEmpty();
        SubjectKey fresh = join(b.obtain("t/conversation/1"));
        assertThatThrownBy(() -> fresh.open(sealed)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aKeyIsTrustedForAMomentWhileTheDatabaseIsAway() {
        AtomicLong now = new AtomicLong();
        AtomicBoolean away = new AtomicBoolean();
        DataSource source = wrapped(DataSource.class, database.dataSource(), (_, call) -> {
            if (away.get()) {
                throw new SQLTransientConnectionException("away");
            }
            return call.get();
        });
        try (Transactor atTimes = new Transactor(source, 2)) {
            SubjectKeys keys = new SubjectKeys(atTimes, TestDatabase.masterKey(), now::get);
            SubjectKey key = join(keys.obtain("t/conversation/1"));
            away.set(true);
            now.addAndGet(SubjectKeys.TRUSTED.toNanos() - 1);

            assertThat(join(keys.obtain("t/conversation/1"))).isSameAs(key);
            assertThat(join(keys.find("t/conversation/1"))).containsSame(key);

            now.incrementAndGet();
            assertThatThrownBy(() -> join(keys.find("t/conversation/1")))
                    .hasCauseInstanceOf(SQLTransientConnectionException.class);
            assertThatThrownBy(() -> join(keys.obtain("t/conversation/1")))
                    .hasCauseInstanceOf(SQLTransientConnectionException.class);
        }
    }

    @Test
    void whoeverFindsAKeyWhileItIsDestroyedDoesNotKeepIt() {
        AtomicReference<Before> before = new AtomicReference<>();
        try (Transactor slow = new Transactor(disturbed(database.dataSource(), before), 4)) {
            SubjectKeys keys = new SubjectKeys(slow, TestDatabase.masterKey());
            join(keys.obtain("t/conversation/1"));
            before.set(() -> assertThat(join(keys.find("t/conversation/1")))
                    .as("not gone yet")
                    .isPresent());

            join(keys.destroy("t/conversation/1"));

            assertThat(join(keys.find("t/conversation/1"))).isEmpty();
        }
    }

    @Test
    void whoeverFoundAKeyJustBeforeItWasDestroyedDoesNotKeepIt() {
        AtomicReference<Before> before = new AtomicReference<>();
        join(keys().obtain("t/conversation/1"));
        try (Transactor slow = new Transactor(disturbed(database.dataSource(), before), 4)) {
            SubjectKeys keys = new SubjectKeys(slow, TestDatabase.masterKey());
            before.set(() -> join(keys.destroy("t/conversation/1")));
            assertThat(join(keys.find("t/conversation/1"))).as("found before").isPresent();

            assertThat(join(keys.find("t/conversation/1"))).isEmpty();
        }
    }

    @Test
    void aKeyMadeInATransactionThatFailedIsNotRemembered() {
        SubjectKeys keys = keys();
        assertThatThrownBy(() -> transactor.now(c -> {
                    keys.obtain(c, "t/conversation/1");
                    throw new SQLException("later in the same transaction");
                }))
                .hasMessage("later in the same transaction");

        assertThat(join(keys.find("t/conversation/1"))).isEmpty();
    }
}
