package io.kvasir.load;

import io.kvasir.jdbc.PostgresForTests;
import io.kvasir.retrieval.qdrant.QdrantDouble;
import java.util.concurrent.CountDownLatch;

/**
 * What several servers on one machine share, where one has no servers of one's own, for trying a cluster out:
 * {@code java io.kvasir.load.Surroundings postgres qdrant llm} starts those named, prints for each the settings that
 * lead to it, and stays until it is told to stop. Nothing is kept then.
 */
public final class Surroundings {
    private Surroundings() {}

    @SuppressWarnings("SystemOut") // its output is read by cluster/local
    public static void main(String[] args) throws Exception {
        for (String part : args) {
            switch (part) {
                case "postgres" -> {
                    String url = PostgresForTests.start("max_connections=200").database();
                    System.out.println("KVASIR_DATABASE_URL=" + url);
                    System.out.println("KVASIR_DATABASE_USER=" + PostgresForTests.USER);
                }
                case "qdrant" -> System.out.println("KVASIR_QDRANT_URL=" + new QdrantDouble().url());
                case "llm" -> {
                    System.out.println("KVASIR_OPENAI_BASE_URL="
                            + FakeLlm.start(0, FakeReply.DEFAULT).url());
                    System.out.println("KVASIR_OPENAI_API_KEY=fake");
                }
                default -> {
                    System.err.println("there is no part " + part + ": postgres, qdrant, llm");
                    System.exit(2);
                }
            }
        }
        System.out.println("READY=true");
        System.out.flush();
        new CountDownLatch(1).await();
    }
}
