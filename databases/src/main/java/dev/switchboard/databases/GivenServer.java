package dev.switchboard.databases;

import java.util.List;

/** A server that somebody else runs and that a URL names; its account must be allowed to create databases. */
final class GivenServer implements ServerSource {
    private final Product product;
    private final ConnectionUrl url;

    GivenServer(Product product, String url) {
        this.product = product;
        this.url = new ConnectionUrl(url);
    }

    @Override
    public String label() {
        return "at " + url.host() + ":" + url.port(product) + " (testdb." + product.driver() + ".url)";
    }

    @Override
    public RunningServer start(List<String> settings) {
        return new RunningServer(url, url, new NotOurs());
    }

    /** Only ever behind the shared server, which refuses these calls itself. */
    private final class NotOurs implements ServerControl {
        @Override
        public long processId() {
            return 0;
        }

        @Override
        public void kill() {
            throw refusal();
        }

        @Override
        public void restart() {
            throw refusal();
        }

        @Override
        public void close() {
            throw refusal();
        }

        private UnsupportedOperationException refusal() {
            return new UnsupportedOperationException("The server " + label() + " is not ours to stop");
        }
    }
}
