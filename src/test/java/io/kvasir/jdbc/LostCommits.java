package io.kvasir.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A database that breaks off where a test says so, just after a commit: what was written is there, and whoever wrote it
 * does not hear of it.
 */
public final class LostCommits {
    private final DataSource inner;
    private final AtomicReference<@Nullable String> beginning = new AtomicReference<>();

    public LostCommits(DataSource inner) {
        this.inner = inner;
    }

    /** Loses the answer to the next commit after a statement that begins so; that one alone. */
    public void after(String statement) {
        beginning.set(statement);
    }

    /** Whether that has happened. */
    public boolean lost() {
        return beginning.get() == null;
    }

    public DataSource dataSource() {
        return over(
                DataSource.class,
                inner,
                (method, arguments, result) ->
                        result instanceof Connection connection ? new Watched(connection).seen() : result);
    }

    private final class Watched {
        private final Connection connection;
        private boolean written;

        Watched(Connection connection) {
            this.connection = connection;
        }

        Connection seen() {
            return over(Connection.class, connection, (method, arguments, result) -> {
                String awaited = beginning.get();
                switch (method.getName()) {
                    case "prepareStatement" ->
                        written = written || awaited != null && ((String) arguments[0]).startsWith(awaited);
                    case "commit" -> {
                        if (written && beginning.compareAndSet(awaited, null)) {
                            throw new SQLTransientConnectionException("the database broke off after a commit");
                        }
                    }
                    default -> {}
                }
                return result;
            });
        }
    }

    private interface After {
        @Nullable
        Object apply(Method method, Object[] arguments, @Nullable Object result) throws Throwable;
    }

    private static <T> T over(Class<T> type, T inner, After after) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (_, method, arguments) -> {
                    Object[] given = arguments == null ? new Object[0] : arguments;
                    try {
                        return after.apply(method, given, method.invoke(inner, given));
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }
}
