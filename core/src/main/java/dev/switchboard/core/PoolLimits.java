package dev.switchboard.core;

import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;

/** What pool options refuse: values out of their range, and values that contradict each other. */
final class PoolLimits {

    private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(10);
    private static final Duration SHORTEST_LIFETIME = Duration.ofMillis(100);
    private static final Duration LONGEST_TIMEOUT = Duration.ofHours(24);
    private static final Duration LONGEST_LIFETIME = Duration.ofDays(365);
    private static final int WIDEST_VARIANCE = 50;

    private PoolLimits() {}

    static void check(PoolOptions options, boolean validationTimeoutChosen) {
        Limits.between("maxSize", options.maxSize(), 1, Integer.MAX_VALUE);
        Limits.between("minIdle", options.minIdle(), 0, Integer.MAX_VALUE);
        Limits.between("maxWaiting", options.maxWaiting(), 0, Integer.MAX_VALUE);
        timeout("acquireTimeout", options.acquireTimeout());
        timeout("createTimeout", options.createTimeout());
        Limits.between("validateAfterIdle", options.validateAfterIdle(), Duration.ZERO, LONGEST_LIFETIME);
        Limits.between("idleTimeout", options.idleTimeout(), SHORTEST_LIFETIME, LONGEST_LIFETIME);
        Limits.between("maxLifetime", options.maxLifetime(), SHORTEST_LIFETIME, LONGEST_LIFETIME);
        Limits.between("lifetimeVariance", options.lifetimeVariance(), 0, WIDEST_VARIANCE);
        timeout("resetTimeout", options.resetTimeout());
        Limits.between("drainTimeout", options.drainTimeout(), Duration.ZERO, LONGEST_TIMEOUT);
        Duration keepAlive = options.keepAlive();
        if (keepAlive != null) {
            Limits.between("keepAlive", keepAlive, SHORTEST_LIFETIME, LONGEST_LIFETIME);
        }
        Duration leakThreshold = options.leakThreshold();
        if (leakThreshold != null) {
            Limits.between("leakThreshold", leakThreshold, SHORTEST_TIMEOUT, LONGEST_LIFETIME);
        }
        if (validationTimeoutChosen) {
            timeout("validationTimeout", options.validationTimeout());
            Limits.shorter(
                    "validationTimeout", options.validationTimeout(), "acquireTimeout", options.acquireTimeout());
        }
        names(options);
        contradictions(options);
    }

    private static void timeout(String knob, Duration value) {
        Limits.between(knob, value, SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
    }

    private static void names(PoolOptions options) {
        String name = options.name();
        boolean wrong = name != null
                && (name.isBlank()
                        || name.length() > ConnectionDefinition.LONGEST_NAME
                        || name.codePoints().anyMatch(ErrorText::isHidden));
        DefinitionChecks.refuseIf(
                null,
                wrong,
                "the pool's name " + ErrorText.quoted(String.valueOf(name)) + " is not a name",
                "1 to " + ConnectionDefinition.LONGEST_NAME + " characters, without control or invisible characters",
                "Choose another name, or none for the name of the connection");
        String query = options.validationQuery();
        DefinitionChecks.refuseIf(
                null,
                query != null && query.isBlank(),
                "validationQuery is blank",
                "a query without parameters, such as SELECT 1",
                "Write a query, or leave it out for the driver's own validation");
    }

    private static void contradictions(PoolOptions options) {
        DefinitionChecks.refuseIf(
                null,
                options.minIdle() > options.maxSize(),
                "minIdle is " + options.minIdle() + " and maxSize is " + options.maxSize(),
                "a minIdle of at most maxSize",
                "Lower minIdle or raise maxSize");
        DefinitionChecks.refuseIf(
                null,
                options.validationQuery() != null && options.validation() == ValidationDepth.LOCAL,
                "validation is LOCAL, which asks no server, and validationQuery is "
                        + ErrorText.quoted(String.valueOf(options.validationQuery())),
                "a validationQuery with validation REMOTE",
                "Leave one of the two out");
    }
}
