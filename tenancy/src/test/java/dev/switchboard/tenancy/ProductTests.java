package dev.switchboard.tenancy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Databases;
import org.junit.jupiter.api.Test;

/** A test for every product says nothing about one whose driver is missing here. */
class ProductTests {

    @Test
    void everyProductThatMustRunCanBeUsedInThisModule() {
        assertThat(Databases.available()).containsAll(Databases.required());
    }
}
