package io.kvasir.kernel;

/**
 * A text a person wrote or uploaded, as the journal may hold it: encrypted under the key of its subject
 * (a conversation, a source, a knowledge base). Destroying that key is erasure of every copy.
 *
 * @param subject whose key opens it, for example {@code conversation/4f…}
 * @param bytes 12 bytes of nonce, then AES-256-GCM ciphertext with its 16-byte tag; the subject is the associated data
 */
public record Sealed(String subject, byte[] bytes) {}
