package dev.switchboard.tenancy;

import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingDatabase;
import static dev.switchboard.tenancy.Tenancy.usingTenant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.SwitchboardError;
import dev.switchboard.routing.PartialRoute;
import dev.switchboard.routing.RouteHints;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.util.context.Context;

/** Every message of this module, read aloud. */
class TenancyErrorMessagesTests {

    private static final String ALLOWED =
            ". Allowed are 1 to 63 characters, each a letter from A to Z or a to z, a digit, '_'"
                    + " or '-'. Refuse the request, or map the customer's name to an id of that form.";

    private static final String OVERRIDE = " Where tenants have databases of their own, usingDatabase(..) and"
            + " usingOptions(..) could reach those of others. Remove it, or register that database and share it with"
            + " withSharedConnections(..).";

    private static final ReactiveConnectionRegistry REGISTRY = ReactiveConnectionRegistry.create();
    private static final TenantRouter ROUTER = TenantRouter.databasePerTenant(REGISTRY, tenant -> {
        throw new IllegalStateException("not reached");
    });

    private static Throwable routed(TenantRouter router, Context context) {
        RouteHints hints = RouteHints.from(context);
        try {
            router.route(new PartialRoute(hints.connectionName(), false, null), hints)
                    .block();
            throw new AssertionError("no error");
        } catch (R2dbcNonTransientException error) {
            return error;
        }
    }

    private static Throwable changed() {
        try {
            usingTenant("globex").apply(usingTenant("acme").apply(Context.empty()));
            throw new AssertionError("no error");
        } catch (TenantChangedException error) {
            return error;
        }
    }

    static Stream<Arguments> messages() {
        Context acme = usingTenant("acme").apply(Context.empty());
        return Stream.of(
                arguments(
                        changed(),
                        "This scope belongs to tenant 'acme', and tenant 'globex' was written inside of it. A scope has one"
                                + " tenant. End the scope of the one before that of the other begins: run the chains one"
                                + " after the other instead of one in the other."),
                arguments(
                        routed(ROUTER, Context.empty()),
                        "No tenant was chosen: the Context has no tenant. Write contextWrite(usingTenant(\"id\")) at the end"
                                + " of the chain, or choose a connection that withSharedConnections(..) names."),
                arguments(
                        routed(ROUTER, usingConnection("orders").apply(Context.empty())),
                        "No tenant was chosen: the Context has no tenant, and connection 'orders' is not shared. Write"
                                + " contextWrite(usingTenant(\"id\")) at the end of the chain, or choose a connection that"
                                + " withSharedConnections(..) names."),
                arguments(
                        routed(ROUTER, usingConnection("orders").apply(acme)),
                        "This scope holds the route of tenant 'acme', and connection 'orders' was asked for inside. A tenant"
                                + " may use its own connection and the shared ones. Remove the name, or share the"
                                + " connection with withSharedConnections(..)."),
                arguments(
                        routed(ROUTER, usingDatabase("globex").apply(acme)),
                        "This scope holds the route of tenant 'acme', and the override [database=globex] was asked for"
                                + " inside." + OVERRIDE),
                arguments(
                        routed(
                                ROUTER.withSharedConnections("shared"),
                                usingDatabase("globex")
                                        .apply(usingConnection("shared").apply(Context.empty()))),
                        "This scope holds the route of a shared connection, and the override [database=globex] was asked for"
                                + " inside." + OVERRIDE),
                arguments(
                        routed(ROUTER.withConnectionNames(any -> "x").withSharedConnections("x"), acme),
                        "This scope holds the route of tenant 'acme', and a connection that is shared was asked for inside."
                                + " Each tenant needs a connection name of its own, which this router registers: give"
                                + " withConnectionNames(..) a function that makes one, and use one router and its copies for"
                                + " one registry."));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("messages")
    void everyMessageSaysWhatWasFoundAndWhatToDo(Throwable error, String message) {
        assertThat(error).hasMessage(message).isInstanceOf(SwitchboardError.class);
        assertThat(((SwitchboardError) error).facts()).doesNotContainValue("");
    }

    static Stream<Arguments> badIds() {
        return Stream.of(
                arguments("", "it is empty"),
                arguments("x".repeat(64), "it has 64 characters"),
                arguments("x".repeat(10_000), "it has 10000 characters"),
                arguments("a\"; DROP SCHEMA", "character 2 is U+0022"),
                arguments("../x", "character 1 is U+002E"),
                arguments("a/b", "character 2 is U+002F"),
                arguments("a b", "character 2 is U+0020"),
                arguments("a\u0000", "character 2 is U+0000"),
                arguments("\u0430cme", "character 1 is U+0430"),
                arguments("acme\u200B", "character 5 is U+200B"),
                arguments("\uD83D\uDE00", "character 1 is U+1F600"));
    }

    @ParameterizedTest
    @MethodSource("badIds")
    void aBadIdIsRefusedWithoutBeingRepeated(String id, String found) {
        assertThatThrownBy(() -> usingTenant(id))
                .isInstanceOf(InvalidTenantIdException.class)
                .hasMessage("This is no tenant id: " + found + ALLOWED);
    }

    @Test
    void everyErrorOfThisModuleIsReadHere() throws IOException, URISyntaxException {
        Path classes = Path.of(TenantId.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (Stream<Path> files = Files.list(classes.resolve("dev/switchboard/tenancy"))) {
            assertThat(files.map(file -> file.getFileName().toString())
                            .filter(name -> name.endsWith("Exception.class")))
                    .containsExactlyInAnyOrder(
                            "InvalidTenantIdException.class",
                            "NoTenantException.class",
                            "TenantChangedException.class");
        }
    }
}
