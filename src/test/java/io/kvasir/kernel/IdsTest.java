package io.kvasir.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IdsTest {
    @Test
    void whatIsMadeUnderOneIdHasTheSameIdsEachTimeInItsOrder() {
        String id = "00a221eb639f7abdbbbc81b5402d25ff";

        assertThat(Ids.nth(id, 0)).isEqualTo(id);
        assertThat(Ids.nth(id, 1)).isEqualTo("00a221eb639f7abdbbbc81b5402d2600").isGreaterThan(id);
        assertThat(Ids.nth("f".repeat(32), 1)).matches(Ids::safe);
    }
}
