package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.CharBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ConnectionTemplateTests {

    private static final Option<String> SSL_MODE = Option.valueOf("sslMode");
    private static final Option<String> APPLICATION = Option.valueOf("applicationName");

    private static final ConnectionTemplate SHARDS = ConnectionTemplate.builder()
            .url("r2dbc:postgresql://app:hunter2@db01:6432/shard00?sslMode=require")
            .pool(pool -> pool.maxSize(3))
            .role(HostRole.REPLICA)
            .build();

    @Test
    void aDerivedDefinitionDiffersInWhatItSaysAndInNothingElse() {
        assertThat(SHARDS.derive("shard02", d -> d.database("shard02")))
                .isEqualTo(ConnectionDefinition.of(
                                "shard02", "r2dbc:postgresql://app:hunter2@db01:6432/shard02?sslMode=require")
                        .withPool(pool -> pool.maxSize(3))
                        .withRole(HostRole.REPLICA));
    }

    @Test
    void everythingThatATemplateSaysGetsIntoTheDefinition() {
        ConnectionDefinition definition = ConnectionTemplate.builder()
                .driver("postgresql")
                .protocol("failover")
                .host("db01,db02")
                .database("orders")
                .user("app")
                .password(CharBuffer.wrap("hunter2"))
                .option(SSL_MODE, "require")
                .schema("eu")
                .role(HostRole.REPLICA)
                .build()
                .define("orders");
        assertThat(definition)
                .isEqualTo(ConnectionDefinition.of(
                                "orders", "r2dbc:postgresql:failover://app:hunter2@db01,db02/orders?sslMode=require")
                        .withSchema("eu")
                        .withRole(HostRole.REPLICA));
        assertThat(definition.pool()).isSameAs(PoolOptions.defaults());
        assertThat(ConnectionTemplate.builder()
                        .driver("mysql")
                        .port(3307)
                        .build()
                        .define("x")
                        .options())
                .extracting(options -> options.getValue(ConnectionFactoryOptions.PORT))
                .isEqualTo(3307);
    }

    @Test
    void poolOptionsAreMergedOneByOne() {
        ConnectionTemplate defaults = ConnectionTemplate.builder()
                .pool(pool -> pool.maxSize(3).idleTimeout(Duration.ofMinutes(1)))
                .build();
        ConnectionTemplate template = ConnectionTemplate.builder()
                .driver("h2")
                .pool(pool -> pool.maxSize(4))
                .build();
        PoolOptions merged = template.over(defaults)
                .derive("x", d -> d.pool(pool -> pool.acquireTimeout(Duration.ofSeconds(7))))
                .pool();
        assertThat(merged)
                .isEqualTo(PoolOptions.builder()
                        .maxSize(4)
                        .acquireTimeout(Duration.ofSeconds(7))
                        .idleTimeout(Duration.ofMinutes(1))
                        .build());
    }

    @Test
    void whatContradictsTheBuiltInValuesMayFitWhatIsMerged() {
        ConnectionTemplate patient = ConnectionTemplate.builder()
                .driver("h2")
                .pool(pool -> pool.validationTimeout(Duration.ofSeconds(40)))
                .build();
        assertThat(patient.derive("x", d -> d.pool(pool -> pool.acquireTimeout(Duration.ofMinutes(1))))
                        .pool()
                        .validationTimeout())
                .isEqualTo(Duration.ofSeconds(40));
        assertThatThrownBy(() -> patient.derive("x", d -> d.pool(pool -> pool.acquireTimeout(Duration.ofSeconds(35)))))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'x' cannot be defined: validationTimeout is 40 s and acquireTimeout is 35 s (its"
                                + " pool options are set in its template and its definition). Allowed: a validationTimeout"
                                + " shorter than acquireTimeout. Lower validationTimeout or raise acquireTimeout.");
    }

    @Test
    void driverOptionsUserAndPasswordAreMergedOneByOne() {
        ConnectionTemplate defaults = ConnectionTemplate.builder()
                .user("app")
                .password("hunter1")
                .option(APPLICATION, "shop")
                .option(SSL_MODE, "require")
                .build();
        assertThat(SHARDS.over(defaults).derive("x", d -> d.password("hunter3").option(SSL_MODE, "verify-full")))
                .isEqualTo(ConnectionDefinition.of(
                                "x",
                                "r2dbc:postgresql://app:hunter3@db01:6432/shard00?sslMode=verify-full&applicationName=shop")
                        .withPool(pool -> pool.maxSize(3))
                        .withRole(HostRole.REPLICA));
    }

    @Test
    void aUrlIsAWholeAddressAndOneFieldIsNot() {
        assertThat(SHARDS.derive("x", d -> d.url("r2dbc:postgresql://db02/")).options())
                .isEqualTo(ConnectionFactoryOptions.parse("r2dbc:postgresql://app:hunter2@db02/?sslMode=require"));
        assertThat(SHARDS.derive("x", d -> d.host("db02")).options())
                .isEqualTo(ConnectionFactoryOptions.parse(
                        "r2dbc:postgresql://app:hunter2@db02:6432/shard00?sslMode=require"));
        ConnectionTemplate merged = ConnectionTemplate.builder()
                .database("y")
                .build()
                .over(SHARDS)
                .over(ConnectionTemplate.builder().protocol("failover").build());
        assertThat(merged.define("x").options())
                .isEqualTo(
                        ConnectionFactoryOptions.parse("r2dbc:postgresql://app:hunter2@db01:6432/y?sslMode=require"));
    }

    @Test
    void aMutatedTemplateLeavesTheOriginalAlone() {
        ConnectionTemplate other =
                SHARDS.mutate().host("db02").role(HostRole.PRIMARY).build();
        assertThat(other.define("x").where()).isEqualTo("db02:6432");
        assertThat(other.define("x").role()).isEqualTo(HostRole.PRIMARY);
        assertThat(SHARDS.define("x").where()).isEqualTo("db01:6432");
    }

    @Test
    void twoDriversAreRefusedWithWhoSaysWhich() {
        assertThatThrownBy(() -> SHARDS.derive("audit", d -> d.url("r2dbc:sqlite:///audit.db")))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage("Connection 'audit' cannot be defined: the driver is 'sqlite' in its definition and"
                        + " 'postgresql' in its template. Allowed: one driver in everything that is merged. Leave the"
                        + " driver and what belongs to it out of the weaker place, or use a template of that driver.");
        assertThat(SHARDS.derive("x", d -> d.driver("postgresql")).driver()).isEqualTo("postgresql");
    }

    @Test
    void whatTheUrlSaysIsNotSaidASecondTimeBesideIt() {
        assertThatThrownBy(() -> SHARDS.derive("x", d -> d.password("hush").url("r2dbc:postgresql://a:hunter2@db/y")))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'x' cannot be defined: 'password' is said twice in its definition, by the URL and"
                                + " on its own. Allowed: one of both. Leave it out of the URL, or leave out the other one.");
        assertThatThrownBy(() -> ConnectionTemplate.builder()
                        .url("r2dbc:postgresql://db/y?sslMode=require")
                        .option(SSL_MODE, "require")
                        .build())
                .hasMessageStartingWith("Cannot be used: 'sslMode' is said twice in its template");
    }

    @Test
    void aDefinitionNeedsADriver() {
        assertThatThrownBy(
                        () -> ConnectionTemplate.builder().host("db01").build().define("orders"))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'orders' cannot be defined: neither it nor what it is merged over names a driver."
                                + " Allowed: a URL, or a driver such as postgresql, mysql, mariadb or sqlite. Set the URL or the"
                                + " driver.");
    }

    @Test
    void valuesAreCheckedAsThoseOfAnyDefinition() {
        assertThatThrownBy(() -> SHARDS.derive("x", d -> d.port(0)))
                .hasMessage(
                        "Connection 'x' cannot be defined: the port is '0'. Allowed: 1 to 65535. Correct the port.");
        assertThatThrownBy(() -> SHARDS.derive("x", d -> d.schema(" ")))
                .hasMessageContaining("the schema ' ' is not a name");
        assertThatThrownBy(() -> SHARDS.derive(" ", d -> d)).hasMessageContaining("a connection name is blank");
        assertThatThrownBy(() -> SHARDS.derive("x", d -> d.url("r2dbc:postgresql://app:hunter2@:1/y")))
                .hasMessage("Connection 'x' cannot be defined: the host is empty. Allowed:"
                        + " r2dbc:driver://user:password@host:port/database?option=value. Write the host behind the '@',"
                        + " or behind '://' without a user.");
    }

    @Test
    void theTextShowsWhatIsSaidWithoutAnyValue() {
        assertThat(SHARDS.mutate().password("hunter3").schema("secret").build())
                .hasToString("ConnectionTemplate[says=password, schema, url, pool, role]");
        assertThat(ConnectionTemplate.builder().build()).hasToString("ConnectionTemplate[says=]");
    }
}
