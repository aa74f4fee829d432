package io.kvasir.ingestion.source;

import java.util.function.Consumer;

/**
 * Where a visit names what there is. What was known before and is not named any more, here or while reading, leaves the
 * index at the end of the visit, unless the listing says it is {@link #partial()}.
 */
public interface Listing {
    /** To be read. A second time nothing happens. */
    void found(String key, String note);

    /** Is there as it was, with its parts, and need not be read. Nothing happens where it is not known. */
    void still(String key);

    /** Is not there any more. */
    void gone(String key);

    /** What is not named stays as it is. */
    void partial();

    /** Everything that is known from earlier visits, parts not among them. */
    void known(Consumer<Found> each);
}
