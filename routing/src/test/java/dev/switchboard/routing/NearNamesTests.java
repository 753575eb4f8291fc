package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearNamesTests {

    private static final List<String> NAMES = List.of("first_name", "id", "score", "customerNumber");

    @Test
    void capitalsAndUnderscoresDoNotCount() {
        assertThat(NearNames.nearest("firstName", NAMES)).isEqualTo("first_name");
        assertThat(NearNames.nearest("ID", NAMES)).isEqualTo("id");
        assertThat(NearNames.nearest("customer_number", NAMES)).isEqualTo("customerNumber");
    }

    @Test
    void upToTwoLettersMayDiffer() {
        assertThat(NearNames.nearest("socre", NAMES)).isEqualTo("score");
        assertThat(NearNames.nearest("scores", NAMES)).isEqualTo("score");
        assertThat(NearNames.nearest("frist_nam", NAMES)).isEqualTo("first_name");
    }

    @Test
    void whatIsTooFarIsNotSuggested() {
        assertThat(NearNames.nearest("name", NAMES)).isNull();
        assertThat(NearNames.nearest("xy", NAMES)).isNull();
        assertThat(NearNames.nearest("", NAMES)).isNull();
        assertThat(NearNames.nearest("i".repeat(100_000), NAMES)).isNull();
        assertThat(NearNames.nearest("id", List.of())).isNull();
    }
}
