package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Finds the driver of a definition and lets it make its connection factory. */
final class DriverLookup {

    private final ConnectionDefinition definition;
    private final ConnectionFactoryOptions options;

    DriverLookup(ConnectionDefinition definition, ConnectionFactoryOptions options) {
        this.definition = definition;
        this.options = options;
    }

    ConnectionFactory open() {
        List<String> available = new ArrayList<>();
        ConnectionFactoryProvider provider = find(available);
        if (provider == null) {
            throw notFound(available);
        }
        DriverOptions driverOptions = new DriverOptions(definition, SettingsTable.mapped(definition, options));
        driverOptions.refuseIgnored(provider);
        refuseMissingFiles(definition.settings());
        ConnectionFactoryOptions completed = driverOptions.withDefaults();
        Function<ConnectionFactoryOptions, ConnectionFactory> making = ready -> made(provider, ready, driverOptions);
        return AskedPassword.isAsked(completed)
                ? new AskedPassword(definition, completed, making)
                : making.apply(completed);
    }

    private ConnectionFactory made(
            ConnectionFactoryProvider provider, ConnectionFactoryOptions completed, DriverOptions driverOptions) {
        try {
            ConnectionFactory driver = provider.create(completed);
            return driverOptions.isMariaDbInUtc() ? UtcConnection.factory(driver) : driver;
        } catch (RuntimeException refusal) {
            throw refused(refusal, completed);
        }
    }

    /** Drivers answer a file that is not there in ways that do not name it. */
    private void refuseMissingFiles(ConnectionSettings settings) {
        if (settings.tls() == TlsMode.OFF) {
            return;
        }
        for (Path file :
                Arrays.asList(settings.certificateAuthority(), settings.clientCertificate(), settings.clientKey())) {
            DefinitionChecks.refuseIf(
                    definition.name(),
                    file != null && !Files.isReadable(file),
                    "the file " + ErrorText.quoted(String.valueOf(file)) + " is not there or cannot be read",
                    "a PEM file that this process may read",
                    "Correct the path in its settings, or the rights of the file");
        }
    }

    private @Nullable ConnectionFactoryProvider find(List<String> available) {
        ClassLoader loader = ConnectionFactoryProvider.class.getClassLoader();
        for (ConnectionFactoryProvider provider : ServiceLoader.load(ConnectionFactoryProvider.class, loader)) {
            available.add(provider.getDriver());
            if (provider.supports(options)) {
                return provider;
            }
        }
        return null;
    }

    private RuntimeException notFound(List<String> available) {
        String driver = definition.driver();
        List<String> sorted = available.stream()
                .filter(found -> !found.equals(DefinitionChecks.POOL))
                .distinct()
                .sorted()
                .toList();
        if (sorted.contains(driver)) {
            return new InvalidDefinitionException(
                    definition.name(),
                    "the driver '" + driver + "' does not accept this combination of options",
                    "what its documentation lists",
                    "Compare the protocol, the database and the names of the options with it");
        }
        KnownDriver known = KnownDriver.named(driver);
        List<String> alike = known == null ? KnownDriver.namedLike(driver) : List.of();
        if (!alike.isEmpty()) {
            return new InvalidDefinitionException(
                    definition.name(),
                    "there is no driver " + ErrorText.quoted(driver),
                    ErrorText.quoted(alike) + " and others",
                    "Correct the name of the driver");
        }
        return new DriverNotFoundException(definition.name(), driver, known == null ? null : known.artifact(), sorted);
    }

    /** The driver's own words without any secret in them; its exception is not kept, since its message may hold one. */
    private InvalidDefinitionException refused(RuntimeException refusal, ConnectionFactoryOptions completed) {
        String words = refusal.getMessage() == null ? refusal.getClass().getSimpleName() : refusal.getMessage();
        return new InvalidDefinitionException(
                definition.name(),
                "the driver '" + definition.driver() + "' refused its options ("
                        + ErrorText.words(Secrets.removed(words, completed)) + ")",
                "what its documentation lists",
                "Correct that option");
    }
}
