package io.kvasir.retrieval.lucene;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;

/**
 * The writer and the searchers of one folder. Commits are shared: who asks while one runs is served by the next, however
 * many ask. A writer that a full disk or a broken one closed is opened again at the last commit, by the next change.
 */
final class LuceneStore implements AutoCloseable {
    private final Directory directory;
    private final ReentrantLock committing = new ReentrantLock();
    private final AtomicLong asked = new AtomicLong();
    private volatile long committed;
    private volatile Open open;

    private record Open(IndexWriter writer, SearcherManager searchers) {
        static Open in(Directory directory) throws IOException {
            IndexWriterConfig config = new IndexWriterConfig();
            // What was not committed belongs to jobs that start again; nobody may find it published by accident.
            config.setCommitOnClose(false);
            config.setRAMBufferSizeMB(32);
            IndexWriter writer = new IndexWriter(directory, config);
            writer.commit();
            return new Open(writer, new SearcherManager(writer, null));
        }
    }

    private LuceneStore(Directory directory, Open open) {
        this.directory = directory;
        this.open = open;
    }

    static LuceneStore open(Path folder) throws IOException {
        return open(FSDirectory.open(folder));
    }

    static LuceneStore open(Directory directory) throws IOException {
        return new LuceneStore(directory, Open.in(directory));
    }

    @FunctionalInterface
    interface Write {
        void to(IndexWriter writer) throws IOException;
    }

    @FunctionalInterface
    interface Search<T> {
        T at(IndexSearcher searcher) throws IOException;
    }

    void write(Write write) throws IOException {
        write.to(writer());
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
            Open now = open;
            now.writer().commit();
            now.searchers().maybeRefreshBlocking();
            committed = through;
        } finally {
            committing.unlock();
        }
    }

    <T> T search(Search<T> search) throws IOException {
        SearcherManager searchers = open.searchers();
        IndexSearcher searcher = searchers.acquire();
        try {
            return search.at(searcher);
        } finally {
            searchers.release(searcher);
        }
    }

    private IndexWriter writer() throws IOException {
        IndexWriter writer = open.writer();
        return writer.isOpen() ? writer : reopened();
    }

    private synchronized IndexWriter reopened() throws IOException {
        Open before = open;
        if (!before.writer().isOpen()) {
            Open again = Open.in(directory);
            open = again;
            before.searchers().close();
        }
        return open.writer();
    }

    @Override
    public void close() {
        try {
            Open last = open;
            last.searchers().close();
            if (last.writer().isOpen()) {
                // Staged passages are worth keeping: the job that wrote them may already count on them.
                last.writer().commit();
                last.writer().close();
            }
            directory.close();
        } catch (AlreadyClosedException closed) {
            throw new IllegalStateException("closed twice", closed);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
