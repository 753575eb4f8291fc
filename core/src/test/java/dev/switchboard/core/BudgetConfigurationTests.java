package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A budget as a file, the environment and a program say it, and as it is applied to a registry. */
@Tag("once")
class BudgetConfigurationTests {

    private static final String ALL = """
            switchboard.budget.total = 200
            switchboard.budget.per-host = 50
            switchboard.budget.hosts = db03:5432=20, db04:5432=25
            switchboard.budget.groups = east=80 db01:5432 db02:5432, west=40 db05:5432
            switchboard.budget.weights = orders=3, billing=2
            switchboard.budget.quantum = 8
            switchboard.budget.control-permits = 2
            switchboard.budget.reserve = 3
            switchboard.budget.openings-per-host = 10
            switchboard.budget.soft = true
            switchboard.budget.moving = east, db03:5432
            switchboard.budget.identical-schemas = east
            switchboard.budget.idle-pool-timeout = 10m
            """;

    @TempDir
    private Path folder;

    private WrittenConfiguration written() {
        return new WrittenConfiguration(folder);
    }

    @Test
    void everyKeySaysWhatTheBuilderSays() {
        SwitchboardConfiguration configuration = written().file(ALL).build();
        assertThat(configuration.budget())
                .isEqualTo(ConnectionBudget.builder()
                        .total(200)
                        .perHost(50)
                        .host("db03:5432", 20)
                        .host("db04:5432", 25)
                        .group("east", 80, "db01:5432", "db02:5432")
                        .group("west", 40, "db05:5432")
                        .weight("orders", 3)
                        .weight("billing", 2)
                        .quantum(8)
                        .controlPermits(2)
                        .reserve(3)
                        .openingsPerHost(10)
                        .soft(true)
                        .moving("east", "db03:5432")
                        .identicalSchemas("east")
                        .build());
        assertThat(configuration.idlePoolTimeout()).isEqualTo(Duration.ofMinutes(10));
    }

    @Test
    void whereNothingIsSaidThereIsNoBudget() {
        SwitchboardConfiguration configuration = written().file("").build();
        assertThat(configuration.budget()).isNull();
        assertThat(configuration.idlePoolTimeout()).isNull();
        assertThat(configuration.createRegistry().budget().limits()).isNull();
    }

    @Test
    void theProgramWinsOverTheEnvironmentAndThatOverTheFile() {
        ConnectionBudget budget = written()
                .file("""
                        switchboard.budget.total = 1
                        switchboard.budget.per-host = 1
                        switchboard.budget.quantum = 7
                        """)
                .environment(Map.of("SWITCHBOARD_BUDGET_TOTAL", "2", "SWITCHBOARD_BUDGET_PER_HOST", "2"))
                .budget(said -> said.total(3).controlPermits(0).reserve(0))
                .build()
                .budget();
        assertThat(budget)
                .isEqualTo(ConnectionBudget.builder()
                        .total(3)
                        .perHost(2)
                        .quantum(7)
                        .controlPermits(0)
                        .reserve(0)
                        .build());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "perhost=5 | 'perhost' is not a key of the budget. Allowed: 'per-host' and others. Correct the key.",
                "total=0 | total is 0.",
                "total=many | 'many' is not a whole number.",
                "hosts=db01:5432 | 'db01:5432' is not such a list. Allowed: one or more of the form db01:5432=50,",
                "hosts=db01=4 | the address 'db01' has no port.",
                "groups=east=80 | 'east=80' is not such a list. Allowed: one or more of the form east=80 db01:5432 db02:5432,",
                "weights=orders=3 more | 'orders=3 more' is not such a list.",
                "weights=orders=3, | 'orders=3,' is not such a list.",
                "soft=yes | 'yes' is neither true nor false.",
                "idle-pool-timeout=10 | '10' has no unit.",
                "idle-pool-timeout=1ms | idlePoolTimeout is 1 ms.",
            })
    void whatCannotBeUsedIsRefusedWhereItStands(String line, String problem) {
        String key = line.substring(0, line.indexOf('='));
        assertThat(written().problems(written().file("switchboard.budget." + line)))
                .startsWith("app.properties, line 1, 'switchboard.budget." + key + "': ")
                .contains(problem);
    }

    @Test
    void whatContradictsItselfIsRefusedAsAWhole() {
        assertThat(written().problems(written().file("switchboard.budget.total=4\nswitchboard.budget.reserve=4")))
                .startsWith("the budget: total is 4, and controlPermits and reserve set 4 of it aside.");
    }

    @Test
    void aMisspeltVariableIsAnsweredWithTheRightOne() {
        assertThat(written().problems(written().file("").environment(Map.of("SWITCHBOARD_BUDGET_TOTALS", "5"))))
                .isEqualTo("environment variable SWITCHBOARD_BUDGET_TOTALS: 'TOTALS' is not a key of the budget."
                        + " Allowed: 'TOTAL' and others. Correct the variable, or unset it.");
    }

    private static ConnectionBudget total(int total) {
        return ConnectionBudget.builder().total(total).build();
    }

    @Test
    void anotherBudgetIsAppliedWhileTheRegistryRunsUnlessTheProgramHasSetOne() {
        ReactiveConnectionRegistry registry =
                written().file("switchboard.budget.total=20").build().createRegistry();
        assertThat(registry.budget().limits()).isEqualTo(total(20));
        registry.apply(written().file("switchboard.budget.total=10").build()).block(Borrowing.PATIENCE);
        assertThat(registry.budget().limits()).isEqualTo(total(10));
        registry.apply(written().file("").build()).block(Borrowing.PATIENCE);
        assertThat(registry.budget().limits()).isEqualTo(total(10));
        registry.budget().limit(total(5));
        registry.apply(written().file("switchboard.budget.total=30").build()).block(Borrowing.PATIENCE);
        assertThat(registry.budget().limits()).as("left to the program").isEqualTo(total(5));
    }

    @Test
    void aRegistryWithoutABudgetRefusesOne() {
        SwitchboardConfiguration capped =
                written().file("switchboard.budget.total=20").build();
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        assertThatThrownBy(() -> registry.apply(capped).block(Borrowing.PATIENCE))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageContaining("the budget: the registry was made without a budget.");
    }

    @Test
    void optionsOfTheProgramStandBesideTheConfiguredBudget() {
        ReactiveConnectionRegistry registry = written()
                .file("switchboard.budget.total=20")
                .build()
                .createRegistry(options -> options.idlePoolTimeout(Duration.ofMinutes(1)));
        assertThat(registry.budget().limits()).isEqualTo(total(20));
        ReactiveConnectionRegistry own = written()
                .file("switchboard.budget.total=20")
                .build()
                .createRegistry(options -> options.budget(total(4)));
        assertThat(own.budget().limits()).isEqualTo(total(4));
    }
}
