package dev.switchboard.databases;

/** The account that tests log in with, on every server that this module starts. */
final class Account {
    static final String USER = "app";
    static final String PASSWORD = "hush-of-the-tests";

    private Account() {}
}
