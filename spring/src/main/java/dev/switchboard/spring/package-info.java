/** What Spring must be told: the dialect and the bind markers of SQLite. */
package dev.switchboard.spring;
