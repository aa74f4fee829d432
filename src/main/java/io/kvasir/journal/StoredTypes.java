package io.kvasir.journal;

import io.kvasir.kernel.Stored;
import io.kvasir.kernel.StoredAs;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Logical names of everything the journal keeps, and back. */
public final class StoredTypes {
    private final Map<String, Class<?>> byName = new HashMap<>();
    private final Map<Class<?>, String> byType = new HashMap<>();

    /**
     * @param roots sealed interfaces, whose permitted records are taken, or records themselves
     * @throws IllegalArgumentException where a record has no name, or a name is given twice
     */
    public StoredTypes(List<Class<?>> roots) {
        roots.forEach(this::take);
    }

    private void take(Class<?> type) {
        if (type.isSealed()) {
            for (Class<?> permitted : type.getPermittedSubclasses()) {
                take(permitted);
            }
            return;
        }
        StoredAs name = type.getAnnotation(StoredAs.class);
        if (name == null || !Stored.class.isAssignableFrom(type)) {
            throw new IllegalArgumentException(type.getName() + " must be Stored and say under which name");
        }
        Class<?> other = byName.put(name.value(), type);
        if (other != null && other != type) {
            throw new IllegalArgumentException("two types are stored as " + name.value());
        }
        byType.put(type, name.value());
    }

    /** @throws IllegalArgumentException where the type was not registered */
    public String nameOf(Class<?> type) {
        String name = byType.get(type);
        if (name == null) {
            throw new IllegalArgumentException(type.getName() + " is not a registered stored type");
        }
        return name;
    }

    /** @throws IllegalArgumentException where nothing was ever stored under this name */
    public Class<?> typeOf(String name) {
        Class<?> type = byName.get(name);
        if (type == null) {
            throw new IllegalArgumentException("nothing is stored as " + name);
        }
        return type;
    }

    public java.util.Set<String> names() {
        return java.util.Set.copyOf(byName.keySet());
    }
}
