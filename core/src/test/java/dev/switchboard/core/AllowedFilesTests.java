package dev.switchboard.core;

import static dev.switchboard.core.ConnectionOverrideTests.override;
import static dev.switchboard.core.OverrideMergeTests.difference;
import static dev.switchboard.core.OverrideMergeTests.merged;
import static dev.switchboard.core.OverrideMergeTests.option;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.test.StepVerifier;

/** Which SQLite files an override may name. */
class AllowedFilesTests {

    @TempDir
    Path folder = Path.of("");

    private ConnectionDefinition file() {
        return ConnectionDefinition.sqlite("orders", folder.resolve("data").resolve("orders.db"));
    }

    private String namedFile(ConnectionDefinition base, String database) {
        ConnectionDefinition merged = merged(base, options -> options.database(database));
        return String.valueOf(option(merged, ConnectionFactoryOptions.DATABASE));
    }

    @Test
    void aFileIsNamedFromTheDirectoryOfTheDefinitionsOwn() {
        Path data = folder.resolve("data");

        assertThat(namedFile(file(), "shard02.db"))
                .isEqualTo(data.resolve("shard02.db").toString());
        assertThat(namedFile(file(), "eu/./shard02.db"))
                .isEqualTo(data.resolve("eu/shard02.db").toString());
        assertThat(difference(
                        file(),
                        options -> options.database(data.resolve("shard02.db").toString())))
                .isEqualTo(difference(file(), options -> options.database("./shard02.db")));
        assertThat(difference(file(), options -> options.database("orders.db")).isEmpty())
                .isTrue();
        assertThat(merged(file(), options -> options.database("shard02.db")).name())
                .isEqualTo("orders[database=shard02.db]");
    }

    static Stream<Arguments> escapes() {
        String outside = "its file lies outside of the directory of the definition's own file";
        String odd = "its file is written with '..', with a backslash or as an address";
        String side = "its file is one that SQLite keeps beside a database";
        return Stream.of(
                arguments("../x.db", odd),
                arguments("eu/../../x.db", odd),
                arguments("eu/../x.db", odd),
                arguments("..", odd),
                arguments("..\\x.db", odd),
                arguments("file:/etc/passwd", odd),
                arguments("file:x.db?mode=rwc", odd),
                arguments(":memory:", odd),
                arguments("/etc/passwd", outside),
                arguments("/", outside),
                arguments(".", outside),
                arguments("orders.db-wal", side),
                arguments("x.db-SHM", side),
                arguments("x.db-journal", side));
    }

    @ParameterizedTest
    @MethodSource("escapes")
    void aFileDoesNotLeaveTheDirectoryOfTheDefinitionsOwn(String hostile, String found) {
        assertThatThrownBy(() -> difference(file(), options -> options.database(hostile)))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessageStartingWith("Connection 'orders' cannot be used with the override [database=" + hostile
                        + "]: " + found + ". Allowed: ");
    }

    @Test
    void whatToWriteInsteadIsSaid() {
        assertThatThrownBy(() -> difference(file(), options -> options.database("../x.db")))
                .hasMessageEndingWith(" Allowed: a plain path. Write the path without them.");
    }

    @Test
    void filesOfMoreDirectoriesMayBeAllowed() {
        Path archive = folder.resolve("archive");
        ConnectionDefinition base = file().withOverrides(allowed -> allowed.directories(archive));
        String file = archive.resolve("2020/x.db").toString();

        assertThat(namedFile(base, file)).isEqualTo(file);
        assertThatThrownBy(() -> namedFile(base, archive + "-2/x.db")).isInstanceOf(OverrideRefusedException.class);
    }

    @Test
    void aFileIsNotCreatedUnlessTheDefinitionSaysSo() {
        io.r2dbc.spi.Option<Boolean> create = io.r2dbc.spi.Option.valueOf("create");

        assertThat(option(merged(file(), options -> options.database("x.db")), create))
                .isEqualTo(false);
        assertThat(option(merged(file().withOption(create, true), options -> options.database("x.db")), create))
                .isEqualTo(true);
    }

    @Test
    void aSymbolicLinkDoesNotLeadOut() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data"));
        Path secret = Files.createDirectories(folder.resolve("secret"));
        Files.createFile(secret.resolve("x.db"));
        Files.createFile(data.resolve("plain.db"));
        Files.createSymbolicLink(data.resolve("out.db"), secret.resolve("x.db"));
        Files.createSymbolicLink(data.resolve("nowhere.db"), secret.resolve("missing.db"));
        Files.createSymbolicLink(data.resolve("away"), secret);
        Files.createSymbolicLink(data.resolve("within.db"), data.resolve("plain.db"));

        assertThat(links(file(), "plain.db")).isTrue();
        assertThat(links(file(), "new.db")).isTrue();
        assertThat(links(file(), "within.db")).isTrue();
        for (String escape : new String[] {"out.db", "nowhere.db", "away/x.db", "away/new.db", "missing/new.db"}) {
            assertThat(links(file(), escape)).as(escape).isFalse();
        }
        ConnectionDefinition allowing = file().withOverrides(allowed -> allowed.directories(secret));
        assertThat(links(allowing, "out.db")).isTrue();
        assertThat(links(allowing, "away/new.db")).isTrue();
    }

    @Test
    void theLinksAreFollowedBeforeAPoolIsOpened() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data"));
        Files.createSymbolicLink(data.resolve("out.db"), Files.createFile(folder.resolve("secret.db")));
        ReactiveConnectionRegistry registry =
                ReactiveConnectionRegistry.create().register(file());

        StepVerifier.create(Siblings.tag(registry, override(options -> options.database("out.db"))))
                .expectError(OverrideRefusedException.class)
                .verify(Borrowing.PATIENCE);
        assertThat(registry.status()).isEmpty();
        Borrowing.close(registry);
    }

    private static boolean links(ConnectionDefinition base, String file) {
        OverrideMerge merge = new OverrideMerge(base, override(options -> options.database(file)));
        try {
            merge.refuseLinks(merge.difference());
            return true;
        } catch (OverrideRefusedException refused) {
            assertThat(refused)
                    .hasMessage("Connection 'orders' cannot be used with the override [database=" + file
                            + "]: its file cannot be reached, or a symbolic link leads out of the directories that are"
                            + " allowed. Allowed: files that lie where their path says. Create the directory of the file,"
                            + " or allow the one that the link leads to with withOverrides(allowed ->"
                            + " allowed.directories(..)).");
            return false;
        }
    }
}
