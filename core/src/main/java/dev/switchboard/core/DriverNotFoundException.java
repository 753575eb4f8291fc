package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The driver that a definition names is not on the class path. */
public final class DriverNotFoundException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient String connectionName;
    private final transient String driver;
    private final transient @Nullable String artifact;
    private final transient List<String> available;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection
     * @param driver the driver that the definition names
     * @param artifact the Maven artifact that contains it, as groupId:artifactId, or null where none is known
     * @param available the drivers that were found
     */
    public DriverNotFoundException(
            String connectionName, String driver, @Nullable String artifact, List<String> available) {
        super(message(connectionName, driver, artifact, available));
        this.connectionName = connectionName;
        this.driver = driver;
        this.artifact = artifact;
        this.available = List.copyOf(available);
        this.facts = ErrorFacts.about(connectionName)
                .and("driver", ErrorText.name(driver))
                .and("artifact", artifact)
                .and("available", List.copyOf(available))
                .build();
    }

    @Override
    public String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }

    /** {@return the driver that the definition names} */
    public String driver() {
        return driver;
    }

    /** {@return the Maven artifact that contains it, as groupId:artifactId, or null where none is known} */
    public @Nullable String artifact() {
        return artifact;
    }

    /** {@return the drivers that were found} */
    public List<String> available() {
        return available;
    }

    private static String message(String name, String driver, @Nullable String artifact, List<String> available) {
        String found = available.isEmpty() ? "none" : String.join(", ", available);
        String next = artifact == null
                ? "Correct the name of the driver, or add the Maven artifact that contains it."
                : "Add the Maven artifact " + artifact + ".";
        return ErrorText.connection(name) + " needs the R2DBC driver " + ErrorText.quoted(driver)
                + ", which is not on the class path. Drivers found: " + found + ". " + next;
    }
}
