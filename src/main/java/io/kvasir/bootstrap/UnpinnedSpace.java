package io.kvasir.bootstrap;

import io.kvasir.jdbc.Transactor;
import io.kvasir.retrieval.VectorSpace;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * What embeds for knowledge bases from before each had a model of its own: the one the whole server had then. Recorded once,
 * by the first server that knows the difference; whatever is configured later changes nothing in it.
 */
final class UnpinnedSpace {
    private UnpinnedSpace() {}

    static CompletionStage<Optional<VectorSpace>> find(Transactor transactor) {
        return transactor.run(UnpinnedSpace::read);
    }

    /** The recorded one, where another was quicker. */
    static CompletionStage<VectorSpace> record(Transactor transactor, VectorSpace space) {
        return transactor
                .change(c -> {
                    if (read(c).isEmpty()) {
                        try (PreparedStatement insert = c.prepareStatement(
                                "INSERT INTO unpinned_space (id, model, dimensions) VALUES (1, ?, ?)")) {
                            insert.setString(1, space.model());
                            insert.setInt(2, space.dimensions());
                            insert.executeUpdate();
                        }
                    }
                })
                .handle((_, lost) -> find(transactor)
                        .thenApply(found -> found.orElseThrow(() -> new IllegalStateException(
                                "the embedding model of older knowledge bases could not be recorded", lost))))
                .thenCompose(found -> found);
    }

    private static Optional<VectorSpace> read(Connection c) throws SQLException {
        try (PreparedStatement select = c.prepareStatement("SELECT model, dimensions FROM unpinned_space");
                ResultSet row = select.executeQuery()) {
            return row.next() ? Optional.of(new VectorSpace(row.getString(1), row.getInt(2))) : Optional.empty();
        }
    }
}
