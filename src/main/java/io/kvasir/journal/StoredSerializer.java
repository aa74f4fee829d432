package io.kvasir.journal;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import com.fasterxml.jackson.module.paramnames.ParameterNamesModule;
import com.typesafe.config.Config;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/**
 * CBOR for what is stored, under logical names rather than class names, so that classes may move. Fields a later version
 * adds are read as absent from older bytes; fields a later version dropped are passed over.
 */
public final class StoredSerializer extends SerializerWithStringManifest {
    /** Written into every journal row: never changes. */
    private static final int ID = 760_101;

    private final StoredTypes types;
    private final ObjectMapper cbor = mapper();

    /** @param system whose {@code kvasir.journal.stored-types} lists the classes */
    public StoredSerializer(ExtendedActorSystem system) {
        this(types(system.settings().config(), system.dynamicAccess().classLoader()));
    }

    /** Without an actor system, for the same types. */
    public static StoredSerializer of(Config config) {
        return new StoredSerializer(types(config, StoredSerializer.class.getClassLoader()));
    }

    private static StoredTypes types(Config config, ClassLoader loader) {
        List<Class<?>> roots = new ArrayList<>();
        for (String name : config.getStringList("kvasir.journal.stored-types")) {
            roots.add(load(name, loader));
        }
        return new StoredTypes(roots);
    }

    /** Without an actor system, for tests of stored bytes. */
    public StoredSerializer(StoredTypes types) {
        this.types = types;
    }

    @Override
    public int identifier() {
        return ID;
    }

    @Override
    public String manifest(Object stored) {
        return types.nameOf(stored.getClass());
    }

    @Override
    public byte[] toBinary(Object stored) {
        try {
            return cbor.writeValueAsBytes(stored);
        } catch (IOException e) {
            throw new IllegalStateException("cannot store " + manifest(stored), e);
        }
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) {
        try {
            return cbor.readValue(bytes, types.typeOf(manifest));
        } catch (IOException e) {
            throw new IllegalStateException("cannot read a stored " + manifest, e);
        }
    }

    private static ObjectMapper mapper() {
        return CBORMapper.builder()
                .addModules(new Jdk8Module(), new JavaTimeModule(), new ParameterNamesModule())
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
                .serializationInclusion(JsonInclude.Include.NON_ABSENT)
                .build();
    }

    private static Class<?> load(String name, ClassLoader loader) {
        try {
            return Class.forName(name, false, loader);
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException("kvasir.journal.stored-types names a class there is not: " + name, e);
        }
    }
}
