package io.kvasir.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;

/** Ways through what a YAML file was read into. */
final class YamlPath {
    private YamlPath() {}

    /** What stands at the end of a path of names and positions. @throws AssertionError where nothing does */
    @SuppressWarnings("unchecked")
    static <T> T at(Object from, Object... path) {
        Object here = from;
        for (Object step : path) {
            here = step instanceof Integer i ? ((List<Object>) here).get(i) : ((Map<String, Object>) here).get(step);
            assertThat(here).as("%s of %s", step, List.of(path)).isNotNull();
        }
        return (T) here;
    }
}
