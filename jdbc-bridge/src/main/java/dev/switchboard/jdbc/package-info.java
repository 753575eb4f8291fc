/** R2DBC over JDBC. */
package dev.switchboard.jdbc;
