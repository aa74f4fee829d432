package io.kvasir.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.kernel.Sealed;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
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
}
