package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import java.util.function.Function;
import org.reactivestreams.Publisher;

/**
 * What is to be sent: its text for errors, and how to send it on a driver's connection.
 *
 * @param sql the SQL, or the name of the operation
 * @param send starts it; called once for each subscription
 * @param <T> what the driver answers with
 */
record Command<T>(String sql, Function<Connection, ? extends Publisher<? extends T>> send) {}
