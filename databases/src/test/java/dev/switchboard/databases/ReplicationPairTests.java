package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A replica shows what its primary has written, unless its replay is paused. */
@Tag("once")
class ReplicationPairTests {

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aReplicaFollowsUnlessItsReplayIsPaused(Product product) {
        try (ReplicationPair pair = Databases.startReplicationPair(product)) {
            String table = pair.primaryUrl().replaceAll("[?].*", "").replaceAll(".*/", "");
            String name = product == Product.POSTGRESQL ? "fruit" : table + ".fruit";
            pair.primary().execute("CREATE TABLE " + name + " (name VARCHAR(20))");
            pair.awaitReplica();
            assertThat(pair.replica().query("SELECT count(*) FROM " + name).get(0)).containsExactly("0");

            pair.pauseReplay();
            pair.primary().execute("INSERT INTO " + name + " VALUES ('kiwi')");
            assertThat(pair.replica().query("SELECT count(*) FROM " + name).get(0)).containsExactly("0");

            pair.resumeReplay();
            pair.awaitReplica();
            assertThat(pair.replica().query("SELECT count(*) FROM " + name).get(0)).containsExactly("1");

            pair.promoteReplica();
            pair.replica().execute("INSERT INTO " + name + " VALUES ('plum')");
            assertThat(pair.replica().query("SELECT count(*) FROM " + name).get(0)).containsExactly("2");
            assertThat(pair.primary().query("SELECT count(*) FROM " + name).get(0)).containsExactly("1");
        }
    }
}
