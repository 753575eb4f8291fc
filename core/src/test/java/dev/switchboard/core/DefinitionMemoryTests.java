package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("once")
class DefinitionMemoryTests {

    private static final int DEFINITIONS = 100_000;
    private static final int MOST_BYTES_EACH = 1024;

    @Test
    void aHundredThousandDefinitionsCostAtMostAKibibyteEach() {
        long before = usedBytes();
        ConnectionDefinition[] definitions = new ConnectionDefinition[DEFINITIONS];
        Arrays.setAll(
                definitions,
                number -> ConnectionDefinition.of(
                        "tenant_" + number,
                        "r2dbc:postgresql://tenant_" + number + ":hush-" + number
                                + "@db-17.internal.example:5432/tenant_" + number + "?applicationName=shop"));
        long each = (usedBytes() - before) / DEFINITIONS;
        assertThat(definitions[DEFINITIONS - 1].name()).isEqualTo("tenant_" + (DEFINITIONS - 1));
        assertThat(each).isPositive().isLessThan(MOST_BYTES_EACH);
    }

    private static long usedBytes() {
        Runtime runtime = Runtime.getRuntime();
        for (int collection = 0; collection < 3; collection++) {
            runtime.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
