package dev.switchboard.core;

import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The values behind {@link PoolOptions} and their defaults. */
final class PoolKnobs implements Cloneable {

    private static final Duration USUAL_VALIDATION_TIMEOUT = Duration.ofSeconds(2);

    @Nullable
    String name;

    int maxSize = 10;
    int minIdle;
    int maxWaiting = 10_000;
    Duration acquireTimeout = Duration.ofSeconds(30);
    Duration createTimeout = Duration.ofSeconds(10);

    @Nullable
    Duration validationTimeout;

    Duration validateAfterIdle = Duration.ofSeconds(30);
    ValidationDepth validation = ValidationDepth.REMOTE;

    @Nullable
    String validationQuery;

    @Nullable
    Duration keepAlive;

    Duration idleTimeout = Duration.ofMinutes(10);
    Duration maxLifetime = Duration.ofMinutes(30);
    int lifetimeVariance = 10;
    Duration resetTimeout = Duration.ofSeconds(5);
    Duration drainTimeout = Duration.ofSeconds(30);

    @Nullable
    Duration leakThreshold;

    boolean alwaysReset;

    PoolKnobs copy() {
        try {
            return (PoolKnobs) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The one that was chosen, or what fits into the acquire time-out. */
    Duration validationTimeout() {
        Duration half = acquireTimeout.dividedBy(2);
        Duration usual = half.compareTo(USUAL_VALIDATION_TIMEOUT) < 0 ? half : USUAL_VALIDATION_TIMEOUT;
        return Objects.requireNonNullElse(validationTimeout, usual);
    }

    /** Every knob by its name: what the options are compared by and shown as. */
    Map<String, Object> byName() {
        Map<String, Object> knobs = new LinkedHashMap<>();
        knobs.put("maxSize", maxSize);
        knobs.put("minIdle", minIdle);
        knobs.put("maxWaiting", maxWaiting);
        knobs.put("acquireTimeout", acquireTimeout);
        knobs.put("createTimeout", createTimeout);
        knobs.put("validationTimeout", validationTimeout());
        knobs.put("validateAfterIdle", validateAfterIdle);
        knobs.put("validation", validation);
        knobs.put("idleTimeout", idleTimeout);
        knobs.put("maxLifetime", maxLifetime);
        knobs.put("lifetimeVariance", lifetimeVariance);
        knobs.put("resetTimeout", resetTimeout);
        knobs.put("drainTimeout", drainTimeout);
        if (name != null) {
            knobs.put("name", name);
        }
        if (validationQuery != null) {
            knobs.put("validationQuery", validationQuery);
        }
        if (keepAlive != null) {
            knobs.put("keepAlive", keepAlive);
        }
        if (leakThreshold != null) {
            knobs.put("leakThreshold", leakThreshold);
        }
        if (alwaysReset) {
            knobs.put("alwaysReset", true);
        }
        return knobs;
    }
}
