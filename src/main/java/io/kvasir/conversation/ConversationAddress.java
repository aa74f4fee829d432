package io.kvasir.conversation;

import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.TenantId;

/** Where a conversation lives. The tenant is part of the entity id, so another tenant's conversation does not exist. */
record ConversationAddress(TenantId tenant, ConversationId id) {
    String entityId() {
        return tenant.value() + "/" + id.value();
    }

    static ConversationAddress parse(String entityId) {
        int slash = entityId.indexOf('/');
        return new ConversationAddress(
                new TenantId(entityId.substring(0, slash)), new ConversationId(entityId.substring(slash + 1)));
    }

    /** Under whose key the texts stand. */
    String subject() {
        return tenant.value() + "/conversation/" + id.value();
    }
}
