package dev.switchboard.tenancy;

import static dev.switchboard.routing.Routing.lock;
import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingDatabase;
import static dev.switchboard.routing.Routing.usingDefaultConnection;
import static dev.switchboard.routing.Routing.usingOptions;
import static dev.switchboard.tenancy.Tenancy.usingTenant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.routing.RouteConflictException;
import dev.switchboard.routing.Router;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.RoutingHint;
import dev.switchboard.routing.SqlClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A database for each tenant, here an SQLite file. */
class TenantRouterTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final AtomicInteger defined = new AtomicInteger();

    @TempDir
    Path folder = Path.of("");

    private TenantRouter router = TenantRouter.databasePerTenant(registry, this::fileOf);

    private ConnectionDefinition fileOf(TenantId tenant) {
        defined.incrementAndGet();
        return ConnectionDefinition.sqlite("template", folder.resolve(tenant.value() + ".db"));
    }

    @BeforeEach
    void prepare() {
        for (String name : new String[] {"shared", "private"}) {
            registry.register(ConnectionDefinition.sqlite(name, folder.resolve(name + ".db")));
            SqlClient direct = SqlClient.over(RoutingConnectionFactory.over(registry));
            direct.sql("CREATE TABLE who AS SELECT '" + name + "' AS name")
                    .rowsUpdated()
                    .contextWrite(usingConnection(name))
                    .block(PATIENCE);
        }
        router = router.withSharedConnections("shared");
        for (String tenant : new String[] {"acme", "globex"}) {
            db().sql("CREATE TABLE who AS SELECT '" + tenant + "' AS name")
                    .rowsUpdated()
                    .contextWrite(usingTenant(tenant))
                    .block(PATIENCE);
        }
    }

    @AfterEach
    void close() {
        registry.close().block(PATIENCE);
    }

    private SqlClient db() {
        return SqlClient.over(RoutingConnectionFactory.over(registry, router));
    }

    private Mono<String> who() {
        return db().sql("SELECT name FROM who").map(String.class).one();
    }

    @Test
    void aTenantIsServedFromItsOwnDatabase() {
        StepVerifier.create(who().contextWrite(usingTenant("acme")))
                .expectNext("acme")
                .verifyComplete();
        StepVerifier.create(who().contextWrite(usingTenant("globex")))
                .expectNext("globex")
                .verifyComplete();
    }

    @Test
    void aTenantIsRegisteredOnceAndNotListed() {
        Flux.range(0, 20).flatMap(i -> who().contextWrite(usingTenant("acme"))).blockLast(PATIENCE);

        assertThat(defined).hasValue(2); // one for each tenant, from preparing them
        assertThat(registry.names()).containsExactly("private", "shared");
        assertThat(registry.contains("tenant_acme")).isTrue();
    }

    @Test
    void noTenantIsRefusedEvenWithADefaultConnection() {
        registry.defaultConnection("shared");

        StepVerifier.create(who()).expectError(NoTenantException.class).verify(PATIENCE);
        StepVerifier.create(who().contextWrite(readOnly()))
                .expectError(NoTenantException.class)
                .verify(PATIENCE);
    }

    @Test
    void withoutATenantASharedConnectionMayBeChosen() {
        StepVerifier.create(who().contextWrite(usingConnection("shared")))
                .expectNext("shared")
                .verifyComplete();
        StepVerifier.create(who().contextWrite(usingConnection("private")))
                .expectError(NoTenantException.class)
                .verify(PATIENCE);
        StepVerifier.create(who().contextWrite(usingConnection("tenant_acme")))
                .expectError(NoTenantException.class)
                .verify(PATIENCE);

        registry.defaultConnection("shared");
        StepVerifier.create(who().contextWrite(usingDefaultConnection()))
                .expectNext("shared")
                .verifyComplete();
    }

    @Test
    void aConnectionChosenInsideATenantsScopeMustBeItsOwnOrShared() {
        StepVerifier.create(who().contextWrite(usingConnection("shared")).contextWrite(usingTenant("acme")))
                .expectNext("shared")
                .verifyComplete();
        StepVerifier.create(who().contextWrite(usingConnection("tenant_acme")).contextWrite(usingTenant("acme")))
                .expectNext("acme")
                .verifyComplete();
        for (String other : new String[] {"private", "tenant_globex", "unknown"}) {
            StepVerifier.create(who().contextWrite(usingConnection(other)).contextWrite(usingTenant("acme")))
                    .expectError(RouteConflictException.class)
                    .verify(PATIENCE);
            StepVerifier.create(who().contextWrite(usingTenant("acme")).contextWrite(usingConnection(other)))
                    .expectError(RouteConflictException.class)
                    .verify(PATIENCE);
        }
    }

    /** What a scope chooses beside the tenant, and the override in it, from within and from without. */
    static Stream<Arguments> overrides() {
        RoutingHint file = usingDatabase("globex.db");
        RoutingHint own = usingDatabase("acme.db");
        RoutingHint host = usingOptions(options -> options.host("evil.example"));
        RoutingHint login = usingOptions(options -> options.credentials("root", "swordfish"));
        RoutingHint schema = usingOptions(options -> options.schema("globex"));
        Class<?> conflict = RouteConflictException.class;
        return Stream.of(file, own, host, login, schema)
                .flatMap(override -> Stream.of(
                        arguments(override, List.of(usingTenant("acme")), conflict),
                        arguments(override, List.of(usingConnection("shared"), usingTenant("acme")), conflict),
                        arguments(override, List.of(usingConnection("tenant_acme"), usingTenant("acme")), conflict),
                        arguments(override, List.of(usingDefaultConnection(), usingTenant("acme")), conflict),
                        arguments(override, List.of(usingConnection("shared")), conflict),
                        arguments(override, List.of(usingConnection("private")), NoTenantException.class),
                        arguments(override, List.of(), NoTenantException.class)));
    }

    @ParameterizedTest(name = "{0} in the scope of {1}: {2}")
    @MethodSource("overrides")
    void anOverrideLeadsOutOfNoScope(
            RoutingHint override, List<RoutingHint> scope, Class<? extends Throwable> refusal) {
        Mono<String> inside = who().contextWrite(override);
        Mono<String> outside = who();
        for (RoutingHint hint : scope) {
            inside = inside.contextWrite(hint);
            outside = outside.contextWrite(hint);
        }

        StepVerifier.create(inside)
                .expectErrorSatisfies(
                        failure -> assertThat(failure).isInstanceOf(refusal).hasMessageNotContaining("swordfish"))
                .verify(PATIENCE);
        StepVerifier.create(outside.contextWrite(override)).expectError(refusal).verify(PATIENCE);
        assertThat(registry.status()).noneMatch(status -> status.name().contains("["));
    }

    @Test
    void anOverrideThatChangesNothingIsNone() {
        StepVerifier.create(who().contextWrite(usingOptions(options -> options))
                        .contextWrite(usingDatabase("globex.db"))
                        .contextWrite(usingTenant("acme")))
                .expectNext("acme")
                .verifyComplete();
    }

    @Test
    void anOverrideInATenantsTransactionIsAConflict() {
        SqlClient db = db();
        Mono<String> work = db.sql("SELECT name FROM who").map(String.class).one();

        StepVerifier.create(db.inTransaction(work.contextWrite(usingDatabase("globex.db")))
                        .contextWrite(usingTenant("acme")))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
    }

    @Test
    void theDefaultOfATenantsScopeIsItsOwnDatabase() {
        registry.defaultConnection("shared");

        StepVerifier.create(who().contextWrite(usingDefaultConnection())
                        .contextWrite(usingConnection("shared"))
                        .contextWrite(usingTenant("acme")))
                .expectNext("acme")
                .verifyComplete();
    }

    @Test
    void anotherTenantInsideATenantsScopeIsAnError() {
        Mono<String> both = who().flatMap(first -> who().contextWrite(usingTenant("globex")))
                .contextWrite(usingTenant("acme"));

        StepVerifier.create(both).expectError(TenantChangedException.class).verify(PATIENCE);
        StepVerifier.create(who().contextWrite(usingTenant("acme")).contextWrite(usingTenant("acme")))
                .expectNext("acme")
                .verifyComplete();
        StepVerifier.create(who().contextWrite(usingTenant("globex"))
                        .contextWrite(lock())
                        .contextWrite(usingTenant("acme")))
                .expectError(TenantChangedException.class)
                .verify(PATIENCE);
    }

    @Test
    void tenantsMayFollowOneAnother() {
        StepVerifier.create(Flux.just("acme", "globex", "acme")
                        .concatMap(tenant -> who().contextWrite(usingTenant(tenant))))
                .expectNext("acme", "globex", "acme")
                .verifyComplete();
    }

    @Test
    void aTransactionBelongsToItsTenant() {
        SqlClient db = db();
        Mono<String> work = db.sql("SELECT name FROM who").map(String.class).one();

        StepVerifier.create(db.inTransaction(work).contextWrite(usingTenant("acme")))
                .expectNext("acme")
                .verifyComplete();
        StepVerifier.create(db.inTransaction(work.contextWrite(usingConnection("shared")))
                        .contextWrite(usingTenant("acme")))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
    }

    @Test
    void anotherRouterNarrowsWhatIsTheTenants() {
        Router reading =
                router.then((soFar, hints) -> Mono.just(soFar.readOnly() ? soFar.withConnectionName("shared") : soFar));
        SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry, reading));

        StepVerifier.create(db.sql("SELECT name FROM who")
                        .map(String.class)
                        .one()
                        .contextWrite(readOnly())
                        .contextWrite(usingTenant("acme")))
                .expectNext("shared")
                .verifyComplete();
    }

    @Test
    void connectionsMayBeNamedOtherwiseButEachTenantNeedsItsOwnName() {
        router = router.withConnectionNames(
                tenant -> "customer-" + tenant.value().charAt(0));

        StepVerifier.create(who().contextWrite(usingTenant("acme")))
                .expectNext("acme")
                .verifyComplete();
        assertThat(registry.contains("customer-a")).isTrue();
        StepVerifier.create(who().contextWrite(usingTenant("aardvark")))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);

        router = router.withConnectionNames(tenant -> "shared");
        StepVerifier.create(who().contextWrite(usingTenant("acme")))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
    }

    @Test
    void aTenantWhoseNameIsTakenLeavesNoDefinitionBehind() {
        router = router.withConnectionNames(
                tenant -> "customer-" + tenant.value().charAt(0));
        StepVerifier.create(who().contextWrite(usingTenant("acme")))
                .expectNext("acme")
                .verifyComplete();
        registry.unregister("customer-a").block(PATIENCE);

        StepVerifier.create(who().contextWrite(usingTenant("aardvark")))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        assertThat(registry.contains("customer-a")).isFalse();
        StepVerifier.create(who().contextWrite(usingTenant("acme")))
                .expectNext("acme")
                .verifyComplete();
    }

    @Test
    void aNameThatSomebodyElseRegisteredIsNotTakenForTheTenants() {
        TenantRouter another = TenantRouter.databasePerTenant(
                registry, tenant -> ConnectionDefinition.sqlite("template", folder.resolve("another.db")));
        SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry, another));

        StepVerifier.create(
                        db.sql("SELECT name FROM who").map(String.class).one().contextWrite(usingTenant("acme")))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(RouteConflictException.class)
                        .hasMessageContaining("somebody else registered"))
                .verify(PATIENCE);
    }

    @Test
    void aSharedChoiceThatARouterBeforeLedElsewhereIsRefused() {
        Router leading = (soFar, hints) -> Mono.just(soFar.withConnectionName("private"));
        SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry, leading.then(router)));

        StepVerifier.create(db.sql("SELECT name FROM who")
                        .map(String.class)
                        .one()
                        .contextWrite(usingConnection("shared"))
                        .contextWrite(usingTenant("acme")))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
    }

    @Test
    void anErrorOfTheDefiningFunctionReachesTheQuery() {
        router = TenantRouter.databasePerTenant(registry, tenant -> {
            throw new IllegalStateException("no such customer");
        });

        StepVerifier.create(who().contextWrite(usingTenant("newcomer")))
                .expectErrorMessage("no such customer")
                .verify(PATIENCE);
    }

    @ParameterizedTest
    @MethodSource("dev.switchboard.databases.Databases#available")
    void manyTenantsAtOnceNeverSeeEachOther(Product product) {
        Map<String, Database> databases = new ConcurrentHashMap<>();
        TenantRouter served = TenantRouter.databasePerTenant(
                registry,
                tenant -> ConnectionDefinition.of(
                        "template", databases.get(tenant.value()).url()));
        SqlClient db = SqlClient.over(RoutingConnectionFactory.over(
                registry, served.withConnectionNames(tenant -> product + "_" + tenant.value())));
        for (int i = 0; i < 3; i++) {
            databases.put("t" + i, Databases.create(product));
            db.sql("CREATE TABLE who (name VARCHAR(10))")
                    .rowsUpdated()
                    .then(db.sql("INSERT INTO who (name) VALUES (:name)")
                            .bind("name", "t" + i)
                            .rowsUpdated())
                    .contextWrite(usingTenant("t" + i))
                    .block(PATIENCE);
        }

        Long wrong = Flux.range(0, 600)
                .flatMap(
                        i -> db.sql("SELECT name FROM who")
                                .map(String.class)
                                .one()
                                .contextWrite(usingTenant("t" + i % 3))
                                .filter(name -> !name.equals("t" + i % 3)),
                        32)
                .count()
                .block(PATIENCE);

        assertThat(wrong).isZero();
        registry.disposeAll().block(PATIENCE);
        databases.values().forEach(Database::close);
    }
}
