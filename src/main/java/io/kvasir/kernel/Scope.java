package io.kvasir.kernel;

/**
 * The walls around every retrieval, storage and vector-store call. The tenant comes from the verified credential or
 * from an entity's own id, never from a request body, so reading across tenants cannot be written by accident.
 */
public record Scope(TenantId tenant, KnowledgeBaseId knowledgeBase) {
    /** {@code tenant/knowledgeBase}: unique, since neither id can hold a slash. Index filters and entity ids use it. */
    public String key() {
        return tenant.value() + "/" + knowledgeBase.value();
    }

    /** @throws IllegalArgumentException where the text is not what {@link #key()} gives */
    public static Scope parse(String key) {
        int slash = key.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("not a scope");
        }
        return new Scope(new TenantId(key.substring(0, slash)), new KnowledgeBaseId(key.substring(slash + 1)));
    }
}
