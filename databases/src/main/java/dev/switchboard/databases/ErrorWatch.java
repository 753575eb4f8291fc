package dev.switchboard.databases;

import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Reads every error of Switchboard that reaches a subscriber in a test run, also one that a test expects: its text, its facts,
 * its causes and what was suppressed. A password of the tests in it fails the test that runs. JUnit finds this class by itself
 * wherever this module is on the class path.
 *
 * <p>Errors of drivers alone are not read: they may quote the SQL of a test, such as {@code CREATE USER}. Errors that are thrown
 * instead of signalled are read by the tests that read every message aloud.
 */
public final class ErrorWatch implements BeforeAllCallback, AfterEachCallback {

    private static final List<String> FOUND = Collections.synchronizedList(new ArrayList<>());

    /** Called by JUnit. */
    public ErrorWatch() {}

    @Override
    public void beforeAll(ExtensionContext context) {
        Hooks.onLastOperator(ErrorWatch.class.getName(), Operators.lift((publisher, actual) -> new Reader<>(actual)));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        List<String> found = taken();
        if (!found.isEmpty()) {
            throw new AssertionError("Errors that were signalled hold a password: " + found);
        }
    }

    /** {@return what was found since the last call, one text for each error that holds a password} */
    static List<String> taken() {
        synchronized (FOUND) {
            List<String> found = List.copyOf(FOUND);
            FOUND.clear();
            return found;
        }
    }

    /** {@return where an error of ours holds a password of the tests, or null} */
    static @Nullable String secretIn(Throwable error) {
        if (!error.getClass().getName().startsWith("dev.switchboard.")) {
            return null;
        }
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Throwable> open = new ArrayDeque<>(List.of(error));
        while (!open.isEmpty()) {
            Throwable next = open.remove();
            if (!seen.add(next)) {
                continue;
            }
            String text = next + " " + facts(next);
            if (SecretWatch.holdsSecret(text)) {
                return error.getClass().getSimpleName() + ", in " + text;
            }
            open.addAll(Arrays.asList(next.getSuppressed()));
            Throwable cause = next.getCause();
            if (cause != null) {
                open.add(cause);
            }
        }
        return null;
    }

    /** By name, since this module knows none of those that it tests. */
    private static Object facts(Throwable error) {
        try {
            Method facts = error.getClass().getMethod("facts");
            facts.setAccessible(true);
            Object answer = facts.invoke(error);
            return answer == null ? Map.of() : answer;
        } catch (ReflectiveOperationException none) {
            return Map.of();
        }
    }

    /** Hands everything on as it is, and reads the errors. */
    private record Reader<T>(CoreSubscriber<? super T> actual) implements CoreSubscriber<T>, Scannable {

        /** Whoever looks along the chain looks through this. */
        @Override
        @SuppressWarnings("rawtypes") // of the interface
        public @Nullable Object scanUnsafe(Attr key) {
            return key == Attr.ACTUAL ? actual : null;
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            actual.onSubscribe(subscription);
        }

        @Override
        public void onNext(T value) {
            actual.onNext(value);
        }

        @Override
        public void onError(Throwable error) {
            String secret = secretIn(error);
            if (secret != null) {
                FOUND.add(secret);
            }
            actual.onError(error);
        }

        @Override
        public void onComplete() {
            actual.onComplete();
        }
    }
}
