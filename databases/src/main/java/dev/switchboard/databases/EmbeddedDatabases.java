package dev.switchboard.databases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** Databases that need no server. */
final class EmbeddedDatabases {
    private EmbeddedDatabases() {}

    /** The file appears with the first connection; its folder is there already and goes with it. */
    static Database sqlite() {
        try {
            Path folder = Files.createTempDirectory("switchboard-sqlite-").toAbsolutePath();
            String name = "test.db";
            return new Database(
                    Product.SQLITE,
                    name,
                    new ConnectionUrl("r2dbc:sqlite:///" + folder.resolve(name)),
                    () -> delete(folder));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static Database h2() {
        String name = "test_" + UUID.randomUUID().toString().substring(0, 13).replace('-', '_');
        ConnectionUrl url = new ConnectionUrl("r2dbc:h2:mem:///" + name + "?options=DB_CLOSE_DELAY=-1");
        return new Database(Product.H2, name, url, () -> new Administration(url).execute("SHUTDOWN IMMEDIATELY"));
    }

    private static void delete(Path folder) {
        try {
            Folders.delete(folder);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
