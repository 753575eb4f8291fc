package dev.switchboard.core;

/**
 * One value that a file or the environment gives.
 *
 * @param where how messages name its place, for example {@code app.properties, line 3, 'switchboard.connections.orders.port'}
 * @param scope what it is about
 * @param key its key there
 * @param value its value
 */
record ConfigurationEntry(String where, ConfigurationScope scope, String key, ConfigurationValue value) {}
