package dev.switchboard.core;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the metrics are told about a host: that it has its first pool, and that its last one is closed. Each once. */
final class HostReport {

    private static final Logger LOGGER = LoggerFactory.getLogger(HostReport.class);

    private final AdmissionQueue queue;
    private final AtomicBoolean opened = new AtomicBoolean();
    private final AtomicReference<ConnectionMetrics.@Nullable OfHost> metrics = new AtomicReference<>();

    HostReport(AdmissionQueue queue) {
        this.queue = queue;
    }

    /** By whoever has a pool there, so it cannot be closed before this has returned. */
    void opened(@Nullable ConnectionMetrics listening) {
        if (listening != null && opened.compareAndSet(false, true)) {
            told(() -> metrics.set(listening.hostOpened(queue.host(), queue::status)));
        }
    }

    void closed() {
        ConnectionMetrics.OfHost mine = metrics.getAndSet(null);
        if (mine != null) {
            told(mine::closed);
        }
    }

    private void told(Runnable words) {
        try {
            words.run();
        } catch (RuntimeException failure) {
            LOGGER.warn("Host '{}': its metrics failed: {}", queue.host(), failure.toString());
        }
    }
}
