package io.kvasir.retrieval.qdrant;

import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.SourceVersion;
import io.qdrant.client.grpc.Common.Condition;
import io.qdrant.client.grpc.Common.FieldCondition;
import io.qdrant.client.grpc.Common.Filter;
import io.qdrant.client.grpc.Common.HasIdCondition;
import io.qdrant.client.grpc.Common.Match;
import io.qdrant.client.grpc.Common.PointId;
import io.qdrant.client.grpc.Common.Range;
import io.qdrant.client.grpc.Common.RepeatedStrings;
import java.util.Collection;

/** The walls: each of these starts from one scope and can be built in no other way. */
final class ScopeFilters {
    private final Scope scope;

    ScopeFilters(Scope scope) {
        this.scope = scope;
    }

    private Filter.Builder within() {
        return Filter.newBuilder()
                .addMust(match(
                        PassagePoints.TENANT,
                        Match.newBuilder().setKeyword(scope.tenant().value())))
                .addMust(match(PassagePoints.KNOWLEDGE_BASE, Match.newBuilder().setKeyword(scope.key())));
    }

    Filter everything() {
        return within().build();
    }

    Filter visible(long revision) {
        return visibleAt(revision).build();
    }

    private Filter.Builder visibleAt(long revision) {
        double at = Math.min(revision, PassagePoints.NEVER - 1);
        return within().addMust(range(PassagePoints.FROM, Range.newBuilder().setLte(at)))
                .addMust(range(PassagePoints.TO, Range.newBuilder().setGt(at)));
    }

    /** What the revision sees with this term in it. */
    Filter visibleWith(long revision, long term) {
        return visibleAt(revision)
                .addMust(match(PassagePoints.TERMS, Match.newBuilder().setInteger(term)))
                .build();
    }

    Filter ids(Collection<PointId> ids) {
        return within().addMust(Condition.newBuilder()
                        .setHasId(HasIdCondition.newBuilder().addAllHasId(ids)))
                .build();
    }

    /** Passages of these in whose field, {@code FROM} or {@code TO}, stands no revision yet. */
    Filter unmarked(Collection<SourceVersion> sources, String field) {
        RepeatedStrings.Builder keys = RepeatedStrings.newBuilder();
        sources.forEach(source -> keys.addStrings(source.key()));
        return within().addMust(match(PassagePoints.SOURCE, Match.newBuilder().setKeywords(keys)))
                .addMust(never(field))
                .build();
    }

    Filter staged() {
        return within().addMust(never(PassagePoints.FROM)).build();
    }

    Filter stagedOf(SourceVersion source) {
        return within().addMust(match(PassagePoints.SOURCE, Match.newBuilder().setKeyword(source.key())))
                .addMust(never(PassagePoints.FROM))
                .build();
    }

    private static Condition never(String field) {
        return range(field, Range.newBuilder().setGte(PassagePoints.NEVER));
    }

    /** What no revision from {@code oldestKept} on sees. */
    Filter unseenSince(long oldestKept) {
        return within().addMust(range(
                        PassagePoints.TO, Range.newBuilder().setLte(Math.min(oldestKept, PassagePoints.NEVER - 1))))
                .build();
    }

    private static Condition match(String key, Match.Builder match) {
        return Condition.newBuilder()
                .setField(FieldCondition.newBuilder().setKey(key).setMatch(match))
                .build();
    }

    private static Condition range(String key, Range.Builder range) {
        return Condition.newBuilder()
                .setField(FieldCondition.newBuilder().setKey(key).setRange(range))
                .build();
    }
}
