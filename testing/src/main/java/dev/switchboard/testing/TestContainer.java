package dev.switchboard.testing;

import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A server in a container, one of each product for all test classes of a run. Testcontainers is called by reflection: it is
 * optional, and as it has no module name, a module that names it could not be published.
 */
final class TestContainer implements AutoCloseable {

    private static final String ENGINE = "org.testcontainers.DockerClientFactory";
    private static final String CONTAINER = "org.testcontainers.containers.GenericContainer";

    private final TestProduct product;
    private final Object container;

    private TestContainer(TestProduct product) {
        this.product = product;
        this.container = describe(product);
        call(container, "start");
    }

    /** Whether Testcontainers is here and a Docker engine answers. */
    static boolean canStart() {
        if (TestContainer.class.getClassLoader().getResource(ENGINE.replace('.', '/') + ".class") == null) {
            return false;
        }
        try {
            Object engine = Class.forName(ENGINE).getMethod("instance").invoke(null);
            return Boolean.TRUE.equals(call(engine, "isDockerAvailable"));
        } catch (ReflectiveOperationException otherVersion) {
            throw unknown(otherVersion);
        }
    }

    static String url(TestProduct product, ExtensionContext context) {
        TestContainer running = context.getRoot()
                .getStore(TestDatabaseExtension.NAMESPACE)
                .computeIfAbsent(product, ignored -> new TestContainer(product), TestContainer.class);
        return running.url();
    }

    /** A container that is not started yet. */
    static Object describe(TestProduct product) {
        try {
            Object made = Class.forName(CONTAINER).getConstructor(String.class).newInstance(product.image());
            call(made, "withEnv", new Class<?>[] {Map.class}, product.environment());
            call(made, "addExposedPorts", new Class<?>[] {int[].class}, new int[] {product.port()});
            return made;
        } catch (ReflectiveOperationException otherVersion) {
            throw unknown(otherVersion);
        }
    }

    private String url() {
        Object port = call(container, "getMappedPort", new Class<?>[] {int.class}, product.port());
        return "r2dbc:" + product.driver() + "://" + product.administrator() + ":" + TestServer.CONTAINER_PASSWORD + "@"
                + call(container, "getHost") + ":" + port + "/";
    }

    private static Object call(Object target, String method) {
        return call(target, method, new Class<?>[0]);
    }

    private static Object call(Object target, String method, Class<?>[] types, Object... arguments) {
        try {
            Object answer = target.getClass().getMethod(method, types).invoke(target, arguments);
            return answer == null ? target : answer;
        } catch (InvocationTargetException failed) {
            throw new IllegalStateException(
                    "Testcontainers failed in " + method + "(): " + failed.getCause(), failed.getCause());
        } catch (ReflectiveOperationException otherVersion) {
            throw unknown(otherVersion);
        }
    }

    private static IllegalStateException unknown(ReflectiveOperationException otherVersion) {
        return new IllegalStateException(
                "This version of Testcontainers is not known: " + otherVersion
                        + ". Versions from 1.20 on are, or give the" + " server's URL in "
                        + Arrays.toString(TestProduct.urlKeys()) + ".",
                otherVersion);
    }

    @Override
    public void close() {
        call(container, "stop");
    }
}
