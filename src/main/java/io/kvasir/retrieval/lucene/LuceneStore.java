package io.kvasir.retrieval.lucene;

import io.kvasir.retrieval.VectorSpace;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FieldInfos;
import org.apache.lucene.index.IndexCommit;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.KeepOnlyLastCommitDeletionPolicy;
import org.apache.lucene.index.SnapshotDeletionPolicy;
import org.apache.lucene.index.TieredMergePolicy;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;

/**
 * The writer and the searchers of one folder. Commits are shared: who asks while one runs is served by the next, however
 * many ask. A writer that a full disk or a broken one closed is opened again at the last commit, by the next change.
 */
final class LuceneStore implements AutoCloseable {
    /** Recorded with each commit: the model whose vectors are kept. */
    private static final String MODEL = "kvasir.model";

    private static final String DIMENSIONS = "kvasir.dimensions";

    private final Directory directory;
    private volatile Open open;
    private volatile boolean closed;

    /** One life of the writer, from an open to a close. What was written in one can't be committed in another. */
    private static final class Open {
        private final IndexWriter writer;
        private final SearcherManager searchers;
        /** Keeps the files of a commit that is being copied. */
        private final SnapshotDeletionPolicy commits =
                new SnapshotDeletionPolicy(new KeepOnlyLastCommitDeletionPolicy());

        private final ReentrantLock committing = new ReentrantLock();
        private final AtomicLong asked = new AtomicLong();
        private volatile long committed;

        Open(Directory directory) throws IOException {
            IndexWriterConfig config = new IndexWriterConfig();
            config.setRAMBufferSizeMB(32);
            // Whoever asks for what was deleted to be gone means all of it.
            config.setMergePolicy(new TieredMergePolicy().setForceMergeDeletesPctAllowed(0));
            // The last commit counts: what a failed change left behind is not to be found after an orderly stop either.
            config.setCommitOnClose(false);
            config.setIndexDeletionPolicy(commits);
            writer = new IndexWriter(directory, config);
            writer.commit();
            searchers = new SearcherManager(writer, null);
        }

        /** On return all writes that returned before the call survive a kill and are found by the next search. */
        void commit() throws IOException {
            long ticket = asked.incrementAndGet();
            committing.lock();
            try {
                if (committed >= ticket) {
                    return;
                }
                long through = asked.get();
                writer.commit();
                searchers.maybeRefreshBlocking();
                committed = through;
            } finally {
                committing.unlock();
            }
        }
    }

    private LuceneStore(Directory directory) throws IOException {
        this.directory = directory;
        this.open = new Open(directory);
    }

    static LuceneStore open(Path folder) throws IOException {
        return open(FSDirectory.open(folder));
    }

    static LuceneStore open(Directory directory) throws IOException {
        return new LuceneStore(directory);
    }

    @FunctionalInterface
    interface Change {
        void apply(IndexWriter writer) throws IOException;
    }

    @FunctionalInterface
    interface Search<T> {
        T at(IndexSearcher searcher) throws IOException;
    }

    /**
     * Writes and commits. @throws IOException or AlreadyClosedException where the change may not have taken place: the disk
     * failed this one, or another at the same time
     */
    void change(Change change) throws IOException {
        Open now = working();
        change.apply(now.writer);
        now.commit();
    }

    /** Rewrites every segment in which something was deleted: on return its bytes stand in no file of the folder. */
    void expunge() throws IOException {
        Open now = working();
        now.writer.forceMergeDeletes(true);
        now.commit();
        now.writer.deleteUnusedFiles();
    }

    /** Takes one file of the index. */
    @FunctionalInterface
    interface Copy {
        void file(String name, InputStream bytes) throws IOException;
    }

    /** Hands over all files of the last commit; changes go on meanwhile. */
    void copy(Copy copy) throws IOException {
        Open now = working();
        IndexCommit commit = now.commits.snapshot();
        try {
            for (String name : commit.getFileNames()) {
                try (IndexInput in = directory.openInput(name, IOContext.READONCE)) {
                    copy.file(name, stream(in));
                }
            }
        } finally {
            now.commits.release(commit);
            now.writer.deleteUnusedFiles();
        }
    }

    private static InputStream stream(IndexInput in) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                return in.getFilePointer() < in.length() ? in.readByte() & 0xff : -1;
            }

            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                int most = (int) Math.min(length, in.length() - in.getFilePointer());
                if (most == 0) {
                    return length == 0 ? 0 : -1;
                }
                in.readBytes(into, from, most);
                return most;
            }
        };
    }

    <T> T search(Search<T> search) throws IOException {
        Open now = open;
        IndexSearcher searcher = acquire(now);
        try {
            return search.at(searcher);
        } finally {
            searcher.getIndexReader().decRef();
        }
    }

    private IndexSearcher acquire(Open now) throws IOException {
        while (true) {
            try {
                return now.searchers.acquire();
            } catch (AlreadyClosedException replaced) {
                Open next = open;
                if (next == now) {
                    throw replaced;
                }
                now = next;
            }
        }
    }

    /** Records the space with the commits, or refuses it. @throws IOException where vectors of another are kept */
    synchronized void builtWith(VectorSpace space) throws IOException {
        Open now = working();
        Map<String, String> recorded = recorded(now);
        Optional<VectorSpace> before = builtWith();
        if (before.isPresent()) {
            require(space, before.get());
            return;
        }
        int dimensions = this.<Integer>search(searcher -> {
            FieldInfo vector =
                    FieldInfos.getMergedFieldInfos(searcher.getIndexReader()).fieldInfo(PassageDocuments.VECTOR);
            return vector == null ? space.dimensions() : vector.getVectorDimension();
        });
        require(space, new VectorSpace(space.model(), dimensions));
        recorded.put(MODEL, space.model());
        recorded.put(DIMENSIONS, Integer.toString(dimensions));
        now.writer.setLiveCommitData(recorded.entrySet());
        now.commit();
    }

    /** What was recorded; empty in an index from before that was done, and in a new one. */
    synchronized Optional<VectorSpace> builtWith() throws IOException {
        Map<String, String> recorded = recorded(working());
        return Optional.ofNullable(recorded.get(MODEL))
                .map(model -> new VectorSpace(model, Integer.parseInt(recorded.getOrDefault(DIMENSIONS, "0"))));
    }

    private static Map<String, String> recorded(Open now) {
        Map<String, String> recorded = new HashMap<>();
        Iterable<Map.Entry<String, String>> data = now.writer.getLiveCommitData();
        if (data != null) {
            data.forEach(entry -> recorded.put(entry.getKey(), entry.getValue()));
        }
        return recorded;
    }

    private static void require(VectorSpace wanted, VectorSpace kept) throws IOException {
        if (!wanted.equals(kept)) {
            throw new IOException(wanted.refusal("The passage index", kept.toString()));
        }
    }

    private Open working() throws IOException {
        Open now = open;
        return now.writer.isOpen() ? now : reopened();
    }

    private synchronized Open reopened() throws IOException {
        if (closed) {
            throw new AlreadyClosedException("the index is closed");
        }
        Open before = open;
        if (!before.writer.isOpen()) {
            open = new Open(directory);
            before.searchers.close();
        }
        return open;
    }

    /** Closing again does nothing. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            open.searchers.close();
            open.writer.close();
            directory.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
