package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RouteTests {

    @Test
    void aRouteToANameIsReadWriteWithoutPreparation() {
        assertThat(Route.to("orders")).isEqualTo(new Route("orders", false, null));
    }
}
