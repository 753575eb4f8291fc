/** For the tests of programs that use Switchboard. */
package dev.switchboard.testing;
