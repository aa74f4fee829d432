package io.kvasir.privacy;

import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** One place where something of a person is kept. Wiring provides one for each store. */
public interface Keeper {
    /** Whose it is, in one tenant. */
    record Person(TenantId tenant, UserId user) {}

    /** As the receipt names it. */
    String name();

    /** What it keeps of them, as files. */
    Source<Zip.File, NotUsed> everything(Person person);

    /** Erases it. Doing it again finds nothing. @return how many things there were */
    CompletionStage<Long> erase(Person person);

    /** How it is erased, for the receipt. */
    String how();
}
