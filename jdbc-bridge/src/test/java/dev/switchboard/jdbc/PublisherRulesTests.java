package dev.switchboard.jdbc;

import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.TestEnvironment.ManualSubscriber;
import org.testng.SkipException;
import org.testng.annotations.Test;
import reactor.core.publisher.Mono;

/** The rules of Reactive Streams, checked by their own kit, for the rows of a result and for the results of a statement. */
@Tag("once")
class PublisherRulesTests {
    private static final long SIGNAL_MILLIS = 5_000;
    private static final long SILENCE_MILLIS = 20;

    @TempDir
    Path directory;

    private Connection connection;

    @BeforeEach
    void open() {
        connection = TestDatabase.in(directory).open();
    }

    @AfterEach
    void close() {
        TestDatabase.await(connection.close());
    }

    @TestFactory
    Stream<DynamicTest> theRowsOfAResultKeepTheRules() {
        return rules(new Rules<Integer>() {
            @Override
            public Publisher<Integer> createPublisher(long elements) {
                return Mono.from(connection
                                .createStatement(
                                        "WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n LIMIT ?)"
                                                + " SELECT v FROM n")
                                .bind(0, elements)
                                .fetchSize(3)
                                .execute())
                        .map(result -> result.map(row -> row.get(0, Integer.class)))
                        .block(TestDatabase.PATIENCE);
            }

            @Override
            public Publisher<Integer> createFailedPublisher() {
                Publisher<Integer> consumed = createPublisher(1);
                TestDatabase.await(consumed);
                return consumed;
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> theResultsOfAStatementKeepTheRules() {
        return rules(new Rules<Result>() {
            @Override
            @SuppressWarnings("unchecked") // a publisher of results is one of their subtype
            public Publisher<Result> createPublisher(long elements) {
                io.r2dbc.spi.Statement statement = connection.createStatement("SELECT ?");
                for (int i = 0; i < elements; i++) {
                    statement.bind(0, i);
                    if (i + 1 < elements) {
                        statement.add();
                    }
                }
                return elements == 0
                        ? (Publisher<Result>) connection.createStatement("").execute()
                        : (Publisher<Result>) statement.execute();
            }

            @Override
            public Publisher<Result> createFailedPublisher() {
                // None fails before results are asked for: nothing is sent before.
                return null;
            }

            @Override
            public long maxElementsFromPublisher() {
                return 10_000;
            }
        });
    }

    private static Stream<DynamicTest> rules(Rules<?> rules) {
        return Arrays.stream(PublisherVerification.class.getMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .map(method -> DynamicTest.dynamicTest(method.getName(), () -> check(rules, method)));
    }

    private static void check(Rules<?> rules, Method rule) throws Throwable {
        rules.setUp();
        try {
            rule.invoke(rules);
        } catch (InvocationTargetException thrown) {
            // The kit skips rules that are optional or that it cannot check.
            Assumptions.assumeFalse(thrown.getCause() instanceof SkipException, thrown.getCause()::getMessage);
            throw thrown.getCause();
        }
    }

    private abstract static class Rules<T> extends PublisherVerification<T> {
        Rules() {
            super(new TestEnvironment(SIGNAL_MILLIS, SILENCE_MILLIS, SILENCE_MILLIS));
        }

        /**
         * The kit collects garbage once and then waits for a tenth of a second, which a busy machine takes longer than. Here it
         * is collected until the subscriber is gone; one that somebody keeps is never.
         */
        @Override
        public void required_spec313_cancelMustMakeThePublisherEventuallyDropAllReferencesToTheSubscriber()
                throws Throwable {
            Publisher<T> publisher = createPublisher(3);
            WeakReference<Subscriber<T>> subscriber = new WeakReference<>(cancelled(publisher));
            try {
                Waiting.until("the subscriber is gone", () -> {
                    System.gc();
                    return subscriber.get() == null;
                });
            } finally {
                Reference.reachabilityFence(publisher);
            }
        }

        /** A subscriber that has left after its second signal. */
        private Subscriber<T> cancelled(Publisher<T> publisher) throws InterruptedException {
            TestEnvironment kit = new TestEnvironment(SIGNAL_MILLIS, SILENCE_MILLIS);
            ManualSubscriber<T> subscriber = kit.newManualSubscriber(publisher);
            subscriber.requestNextElement();
            subscriber.requestNextElement();
            subscriber.cancel();
            return subscriber;
        }
    }
}
