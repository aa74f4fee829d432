package io.kvasir.retrieval.lucene;

import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.lucene.VisiblePassages.Part;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.TermsEnum;

/**
 * Keeps what large scopes see, a bit a passage, up to a size in bytes; what was used longest ago goes first. The key is the
 * segment as it was read, with its deletions and revisions: whatever changes a segment makes a new key, and the
 * sets of the old one fade out.
 */
final class VisibilityCache {
    /** Passages of a scope in a segment from which keeping the set is cheaper than looking through them again. */
    private static final int LARGE = 1_000;

    private record Key(IndexReader.CacheKey segment, Scope scope, long revision) {}

    private final long mostBytes;
    private final LinkedHashMap<Key, Part> kept = new LinkedHashMap<>(64, 0.75f, true);
    private long bytes;

    VisibilityCache(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** What the revision sees in this segment. */
    Optional<Part> get(LeafReaderContext leaf, Scope scope, long revision) throws IOException {
        Optional<TermsEnum> term = VisiblePassages.postings(leaf, scope);
        if (term.isEmpty()) {
            return Optional.empty();
        }
        int ofScope = term.get().docFreq();
        IndexReader.CacheHelper segment = leaf.reader().getReaderCacheHelper();
        if (ofScope < LARGE || segment == null) {
            return look(leaf, term.get(), ofScope, revision);
        }
        Key key = new Key(segment.getKey(), scope, revision);
        synchronized (this) {
            Part known = kept.get(key);
            if (known != null) {
                return Optional.of(known);
            }
        }
        Optional<Part> found = look(leaf, term.get(), ofScope, revision);
        found.ifPresent(part -> keep(key, part));
        return found;
    }

    private static Optional<Part> look(LeafReaderContext leaf, TermsEnum term, int ofScope, long revision)
            throws IOException {
        return VisiblePassages.look(leaf, term.postings(null, PostingsEnum.NONE), ofScope, revision);
    }

    private synchronized void keep(Key key, Part part) {
        Part before = kept.put(key, part);
        bytes += part.documents().ramBytesUsed()
                - (before == null ? 0 : before.documents().ramBytesUsed());
        var oldest = kept.entrySet().iterator();
        while (bytes > mostBytes && oldest.hasNext()) {
            Map.Entry<Key, Part> last = oldest.next();
            bytes -= last.getValue().documents().ramBytesUsed();
            oldest.remove();
        }
    }

    synchronized long bytes() {
        return bytes;
    }
}
