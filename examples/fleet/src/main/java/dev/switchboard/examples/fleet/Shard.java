package dev.switchboard.examples.fleet;

/**
 * One database.
 *
 * @param name its name, as a connection and on its server
 * @param url where it is
 * @param server on which server, counted from 0
 */
record Shard(String name, String url, int server) {}
