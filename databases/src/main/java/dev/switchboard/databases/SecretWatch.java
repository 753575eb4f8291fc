package dev.switchboard.databases;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Reads every line that is logged in a test run, with the errors in it, and notes those that hold a password. Every password
 * that tests use contains one of the {@link #MARKS}. Each JVM writes its note when it ends, into the folder
 * {@value #FOLDER} of its module; a test of the architecture module reads all notes.
 */
public final class SecretWatch extends AppenderBase<ILoggingEvent> {

    /** Where the notes are, in the folder of a module. */
    public static final String FOLDER = "target/secret-watch";

    /** What every password of a test contains, and no other text does. */
    public static final List<String> MARKS = List.of("hush", "hunter", "swordfish");

    private final ThrowableProxyConverter errors = new ThrowableProxyConverter();
    private final List<String> found = new ArrayList<>();
    private int lines;

    @Override
    public void start() {
        errors.start();
        super.start();
        Runtime.getRuntime().addShutdownHook(new Thread(this::write, "secret-watch"));
    }

    @Override
    protected synchronized void append(ILoggingEvent event) {
        lines++;
        String text = event.getFormattedMessage() + errors.convert(event);
        if (holdsSecret(text)) {
            found.add(event.getLoggerName() + ": " + text);
        }
    }

    /** {@return whether a text holds a password of the tests} */
    static boolean holdsSecret(String text) {
        return MARKS.stream().anyMatch(text::contains);
    }

    /** {@return what was found so far, one text for each line that holds a password} */
    synchronized List<String> found() {
        return List.copyOf(found);
    }

    private synchronized void write() {
        try {
            Path folder = Files.createDirectories(Path.of(FOLDER));
            List<String> note = new ArrayList<>(List.of(lines + " lines read"));
            note.addAll(found);
            // A test may load this class once more, in a class loader of its own.
            String name = ProcessHandle.current().pid() + "-" + UUID.randomUUID() + ".txt";
            Files.write(folder.resolve(name), note);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
