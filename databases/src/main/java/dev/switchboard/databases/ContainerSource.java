package dev.switchboard.databases;

import java.io.IOException;
import java.util.List;

/** Servers in containers of their own. */
final class ContainerSource implements ServerSource {
    private static final String MYSQL_ACCOUNT = "CREATE USER '%s'@'%%' IDENTIFIED WITH mysql_native_password BY '%s'";
    private static final String MARIADB_ACCOUNT = "CREATE USER '%s'@'%%' IDENTIFIED BY '%s'";
    private static final String ALL_GRANTS = "GRANT ALL ON *.* TO '" + Account.USER + "'@'%' WITH GRANT OPTION";

    private final Product product;
    private final ContainerImage image;

    ContainerSource(Product product) {
        this.product = product;
        this.image = ContainerImage.of(product);
    }

    @Override
    public String label() {
        return "(container " + image.name() + ")";
    }

    @Override
    public RunningServer start(List<String> settings) throws IOException {
        DatabaseContainer container = new DatabaseContainer(product, image, settings);
        ConnectionUrl administrator = url(container, product == Product.POSTGRESQL ? "postgres" : "root");
        container.start(new Administration(administrator));
        createAccount(new Administration(administrator));
        return new RunningServer(url(container, Account.USER), administrator, container);
    }

    private ConnectionUrl url(DatabaseContainer container, String user) {
        String place = user + ":" + Account.PASSWORD + "@" + container.host() + ":" + container.port();
        return new ConnectionUrl("r2dbc:" + product.driver() + "://" + place
                + switch (product) {
                    case POSTGRESQL -> "/postgres";
                    case MYSQL -> "/?sslMode=DISABLED";
                    case MARIADB, SQLITE, H2 -> "/";
                });
    }

    private void createAccount(Administration administration) {
        switch (product) {
            case POSTGRESQL ->
                administration.execute("CREATE ROLE " + Account.USER + " LOGIN PASSWORD '" + Account.PASSWORD + "'");
            case MYSQL -> {
                administration.execute(MYSQL_ACCOUNT.formatted(Account.USER, Account.PASSWORD));
                administration.execute(ALL_GRANTS);
            }
            case MARIADB -> {
                administration.execute(MARIADB_ACCOUNT.formatted(Account.USER, Account.PASSWORD));
                administration.execute(ALL_GRANTS);
            }
            case SQLITE, H2 -> throw new IllegalStateException(product.productName() + " has no accounts");
        }
    }
}
