package dev.switchboard.testing;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.SqlClient;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** What stands behind {@link TestDatabase}; not to be named by tests. */
public final class TestDatabaseExtension implements BeforeAllCallback, ParameterResolver {

    static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(TestDatabaseExtension.class);

    private static final Set<Class<?>> OVER_THE_REGISTRY =
            Set.of(ReactiveConnectionRegistry.class, RoutingConnectionFactory.class, SqlClient.class);

    /** Made by JUnit. */
    public TestDatabaseExtension() {}

    /** Makes the databases on servers; JUnit closes them with the class's store. */
    @Override
    public void beforeAll(ExtensionContext context) {
        for (TestDatabase database : databases(context)) {
            if (database.product().isServer()) {
                TestServer server = TestServer.of(database.product(), context);
                context.getStore(NAMESPACE)
                        .computeIfAbsent(database.name(), ignored -> server.make(), TestServer.Made.class);
            }
        }
    }

    /** Those of the class, or of the class that it is nested in. */
    private static List<TestDatabase> databases(ExtensionContext context) {
        List<TestDatabase> found = List.of();
        for (Class<?> type = context.getRequiredTestClass();
                found.isEmpty() && type != null;
                type = type.getEnclosingClass()) {
            found = AnnotationSupport.findRepeatableAnnotations(type, TestDatabase.class);
        }
        Set<String> names = new HashSet<>();
        for (TestDatabase database : found) {
            if (!names.add(database.name())) {
                throw new ExtensionConfigurationException("Two databases of "
                        + context.getRequiredTestClass().getSimpleName() + " have one name, '" + database.name()
                        + "'. Give each @TestDatabase a name of its own.");
            }
        }
        return found;
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        boolean wanted = OVER_THE_REGISTRY.contains(type)
                || (type == String.class && parameter.isAnnotated(TestDatabaseUrl.class));
        return wanted && context.getTestMethod().isPresent();
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Connections connections = context.getStore(NAMESPACE)
                .computeIfAbsent(Connections.class, ignored -> open(context), Connections.class);
        Class<?> type = parameter.getParameter().getType();
        if (type == ReactiveConnectionRegistry.class) {
            return connections.registry();
        }
        if (type == RoutingConnectionFactory.class) {
            return connections.factory();
        }
        if (type == SqlClient.class) {
            return SqlClient.over(connections.factory());
        }
        String name = parameter
                .findAnnotation(TestDatabaseUrl.class)
                .map(TestDatabaseUrl::value)
                .orElse("");
        return connections.url(name);
    }

    private static Connections open(ExtensionContext context) {
        Map<String, String> urls = new LinkedHashMap<>();
        for (TestDatabase database : databases(context)) {
            TestServer.Made made = context.getStore(NAMESPACE).get(database.name(), TestServer.Made.class);
            urls.put(database.name(), made == null ? InMemoryDatabases.url() : made.url());
        }
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        urls.forEach(registry::register);
        registry.defaultConnection(urls.keySet().iterator().next());
        return new Connections(registry, RoutingConnectionFactory.over(registry), urls);
    }

    /** What one test has; closed after it, which ends databases in memory. */
    private record Connections(
            ReactiveConnectionRegistry registry, RoutingConnectionFactory factory, Map<String, String> urls)
            implements AutoCloseable {

        private static final Duration PATIENCE = Duration.ofMinutes(1);

        String url(String name) {
            if (name.isEmpty() && urls.size() == 1) {
                return urls.values().iterator().next();
            }
            String url = urls.get(name);
            if (url == null) {
                throw new ParameterResolutionException(
                        "@TestDatabaseUrl(\"" + name + "\") names no database of this class." + " Allowed are: "
                                + Arrays.toString(urls.keySet().toArray()) + ".");
            }
            return url;
        }

        @Override
        public void close() {
            registry.close(PATIENCE).block();
        }

        @Override
        public String toString() {
            return "Connections" + urls.keySet();
        }
    }
}
