package dev.switchboard.databases;

/**
 * A server that accepts connections.
 *
 * @param accountUrl how the tests log in
 * @param administratorUrl how the administrator logs in
 * @param control what can be done to the server itself
 */
record RunningServer(ConnectionUrl accountUrl, ConnectionUrl administratorUrl, ServerControl control) {}
