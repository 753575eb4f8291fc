package dev.switchboard.databases;

import io.r2dbc.spi.ConnectionFactoryOptions;

/** A database of its own, empty when it was created and dropped when it is closed. */
public final class Database implements AutoCloseable {
    private final Product product;
    private final String name;
    private final ConnectionUrl url;
    private final Runnable drop;

    Database(Product product, String name, ConnectionUrl url, Runnable drop) {
        this.product = product;
        this.name = name;
        this.url = url;
        this.drop = drop;
    }

    /**
     * The product that keeps the database.
     *
     * @return the product
     */
    public Product product() {
        return product;
    }

    /**
     * The name of the database; of an SQLite database, the name of its file.
     *
     * @return the name, different from every other database that this machine created
     */
    public String name() {
        return name;
    }

    /**
     * The R2DBC URL, user and password included.
     *
     * @return a URL that {@code ConnectionFactories.get} takes
     */
    public String url() {
        return url.text();
    }

    /**
     * The URL as options.
     *
     * @return options that say the same as {@link #url()}
     */
    public ConnectionFactoryOptions options() {
        return url.options();
    }

    /**
     * The host of the server.
     *
     * @return a host name or address
     * @throws UnsupportedOperationException for SQLite and H2, which have no server
     */
    public String host() {
        requireServer();
        return url.host();
    }

    /**
     * The TCP port of the server.
     *
     * @return a port number
     * @throws UnsupportedOperationException for SQLite and H2, which have no server
     */
    public int port() {
        requireServer();
        return url.port(product);
    }

    /** Drops the database, also under connections that are still open; an SQLite file is deleted. */
    @Override
    public void close() {
        drop.run();
    }

    @Override
    public String toString() {
        return product.productName() + " database " + name;
    }

    private void requireServer() {
        if (!product.isServer()) {
            throw new UnsupportedOperationException(
                    product.productName() + " has no server, so no host and no port; use url() or options()");
        }
    }
}
