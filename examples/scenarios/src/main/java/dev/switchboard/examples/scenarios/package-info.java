/** Two ways to lay data out: a write side with a read side, and orders by region. */
package dev.switchboard.examples.scenarios;
