/** The main job in one program: many databases behind one chain. */
@org.jspecify.annotations.NullMarked
package dev.switchboard.examples.quickstart;
