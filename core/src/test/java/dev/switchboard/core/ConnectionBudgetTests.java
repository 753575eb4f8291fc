package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConnectionBudgetTests {

    private static Arguments refused(UnaryOperator<ConnectionBudget.Builder> wrong, String words) {
        return Arguments.of(wrong, words);
    }

    static Stream<Arguments> contradictions() {
        return Stream.of(
                refused(budget -> budget.total(0), "total is 0. Allowed: 1 or more"),
                refused(budget -> budget.perHost(-1), "perHost is -1"),
                refused(budget -> budget.host("db1:5432", 0), "the cap of 'db1:5432' is 0"),
                refused(budget -> budget.host("db1", 4), "the address 'db1' has no port"),
                refused(budget -> budget.group("east", 4), "the group 'east' has no name or no address"),
                refused(
                        budget -> budget.group("east", 4, "db1:1").host("DB1:1", 2),
                        "the address 'db1:1' of group 'east' has a cap of its own too"),
                refused(
                        budget -> budget.group("east", 4, "db1:1").group("west", 4, "db1:1"),
                        "the address 'db1:1' of group 'west' has a group too"),
                refused(
                        budget -> budget.moving("db1"),
                        "moving names 'db1', which is neither a group nor an address with a port. Allowed: host and port, as in"
                                + " db01:5432. Name a group, or add the port."),
                refused(
                        budget -> budget.group("east", 9, "db1:1").moving("west"),
                        "moving names 'west', which is neither a group nor an address with a port. Allowed: a group of this"),
                refused(
                        budget -> budget.moving("db1:1").identicalSchemas("db2:1"),
                        "identicalSchemas names 'db2:1', whose connections do not move. Allowed: hosts that moving names too"),
                refused(budget -> budget.quantum(0), "quantum is 0"),
                refused(budget -> budget.weight("a", 0), "the weight of 'a' is 0"),
                refused(budget -> budget.openingsPerHost(0), "openingsPerHost is 0"),
                refused(budget -> budget.reserve(-1), "reserve is -1"),
                refused(
                        budget -> budget.perHost(3).controlPermits(2).reserve(1),
                        "perHost is 3, and controlPermits and reserve set 3 of it aside"));
    }

    @ParameterizedTest
    @MethodSource("contradictions")
    void whatCannotBeIsRefusedInWords(UnaryOperator<ConnectionBudget.Builder> wrong, String words) {
        ConnectionBudget.Builder builder = wrong.apply(ConnectionBudget.builder());
        assertThatThrownBy(builder::build)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageContaining(words);
    }

    @Test
    void aGroupAHostAndTheRestEachHaveTheirCap() {
        ConnectionBudget budget = ConnectionBudget.builder()
                .perHost(50)
                .host("DB01:5432", 80)
                .group("east", 100, "db02:5432", "db03:5432")
                .build();
        assertThat(budget.cap("db01:5432")).isEqualTo(80);
        assertThat(budget.cap("db02:5432")).isEqualTo(100);
        assertThat(budget.cap("db04:5432")).isEqualTo(50);
        assertThat(budget.hostOf("DB03:5432")).isEqualTo("east");
        assertThat(budget.total()).isEqualTo(Integer.MAX_VALUE);
        assertThat(budget.mutate().build()).isEqualTo(budget).hasSameHashCodeAs(budget);
        assertThat(budget.mutate().total(7).build()).isNotEqualTo(budget);
        assertThat(budget.mutate().total(8).build().openingsPerHost()).isEqualTo(2);
    }

    @Test
    void connectionsMoveWhereTheirAddressOrItsGroupIsNamed() {
        ConnectionBudget budget = ConnectionBudget.builder()
                .group("east", 100, "db02:5432", "db03:5432")
                .moving("east", "DB04:5432")
                .identicalSchemas("db04:5432")
                .build();
        assertThat(List.of("db02:5432", "DB03:5432", "db04:5432")).allMatch(budget::isMoving);
        assertThat(budget.isMoving("db05:5432")).isFalse();
        assertThat(budget.moving().hasIdentical("db04:5432", "db04:5432")).isTrue();
        assertThat(budget.moving().hasIdentical("db02:5432", "east")).isFalse();
        assertThat(budget.mutate().build()).isEqualTo(budget);
        assertThat(budget.mutate().moving("db05:5432").build()).isNotEqualTo(budget);
        assertThat(ConnectionBudget.builder().build().isMoving("db02:5432")).isFalse();
    }

    @Test
    void otherGroupsAreRefusedWhileARegistryRuns() {
        ConnectionBudget budget =
                ConnectionBudget.builder().group("east", 4, "db1:1").build();
        RegistryBudget running = ReactiveConnectionRegistry.create(
                        RegistryOptions.builder().budget(budget).build())
                .budget();
        running.limit(budget.mutate().group("east", 8, "db1:1").build());
        assertThat(running.limits()).isNotEqualTo(budget);
        assertThatThrownBy(() -> running.limit(budget.mutate().moving("east").build()))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Cannot be used: the new budget has other groups of hosts, or lets connections of other hosts move. Allowed: the"
                                + " groups and moving hosts of the budget in force. Change caps and weights only, or make another"
                                + " registry.");
        assertThatThrownBy(() -> running.limit(ConnectionBudget.builder().build()))
                .hasMessageContaining("other groups of hosts");
        RegistryBudget none = ReactiveConnectionRegistry.create().budget();
        assertThatThrownBy(() -> none.limit(budget)).hasMessageContaining("made without a budget");
        assertThat(none.total().open()).isZero();
        assertThat(none.hosts()).isEmpty();
    }
}
