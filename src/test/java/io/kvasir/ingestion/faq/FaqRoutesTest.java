package io.kvasir.ingestion.faq;

import static io.kvasir.ingestion.source.Posts.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.http.Json;
import io.kvasir.ingestion.source.Posts;
import io.kvasir.ingestion.source.SourceDesk;
import io.kvasir.jdbc.TestDatabase;
import java.net.http.HttpResponse;
import java.time.Clock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class FaqRoutesTest {
    private static final String ENTRIES = "/knowledge";

    private final SourceDesk desk;
    private final Posts posts;

    FaqRoutesTest(TestDatabase kind) {
        desk = new SourceDesk(kind);
        Faq faq = new Faq(desk.transactor, desk.keys, new FaqSettings(3, 100_000), Clock.systemUTC());
        faq.kept(desk.node(faq.kind()));
        posts = new Posts(desk, idempotent -> new FaqRoutes(faq, idempotent).endpoints());
    }

    @AfterEach
    void close() throws Exception {
        posts.close();
        desk.close();
    }

    private HttpResponse<String> post(String question, String key) throws Exception {
        return posts.post(ENTRIES, "{\"question\":\"" + question + "\",\"answer\":\"Now.\"}", key);
    }

    private HttpResponse<String> file(String key) throws Exception {
        String body = """
                --b\r
                Content-Disposition: form-data; name="file"; filename="f.csv"\r
                \r
                question,answer
                When?,Now.
                Where?,Here.
                \r
                --b--\r
                """;
        return posts.post(ENTRIES + "/import", "multipart/form-data; boundary=b", body, key);
    }

    private void unheard() {
        desk.commits.after("INSERT INTO faq_entries");
    }

    private void addedUnheard() throws Exception {
        unheard();
        assertThat(post("When?", "k").statusCode()).isEqualTo(503);
        assertThat(desk.commits.lost()).isTrue();
    }

    @Test
    void aRepeatOfWhatNobodyHeardTheEndOfAddsNoSecond() throws Exception {
        addedUnheard();

        String id = id(post("When?", "k"));

        assertThat(posts.ids(ENTRIES)).containsExactly(id);
        assertThat(id(post("When?", "k"))).isEqualTo(id);
    }

    @Test
    void itMayHaveBeenTheLastThereMayBe() throws Exception {
        id(post("Who?", "1"));
        id(post("What?", "2"));
        addedUnheard();

        String id = id(post("When?", "k"));

        assertThat(posts.ids(ENTRIES)).hasSize(3).contains(id);
        assertThat(post("Why?", "other").statusCode()).isEqualTo(409);
    }

    @Test
    void aFileThatWasImportedUnheardIsImportedOnce() throws Exception {
        unheard();
        assertThat(file("k").statusCode()).isEqualTo(503);
        assertThat(desk.commits.lost()).isTrue();

        HttpResponse<String> again = file("k");

        assertThat(again.statusCode()).as(again.body()).isEqualTo(200);
        assertThat(Json.MAPPER.readTree(again.body()).get("unchanged").asInt()).isEqualTo(2);
        assertThat(posts.ids(ENTRIES)).hasSize(2);
    }
}
