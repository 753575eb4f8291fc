package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Product;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

/** A record that is written comes back equal, with every type that a product can keep, and NULL for each of them. */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.switchboard.databases.Databases#available")
class BoundValueTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Fleet fleet = new Fleet();

    @Parameter
    Product product;

    enum Size {
        SMALL,
        LARGE
    }

    record Thing(
            int id,
            @Nullable Character letter,
            @Nullable BigInteger huge,
            @Nullable UUID code,
            @Nullable Size size,
            @Nullable Instant made) {}

    record Document(int id, @Nullable JsonText body) {}

    record Picture(int id, @Nullable ByteBuffer bytes) {}

    record Failing(int number) {

        @Override
        public int number() {
            return Objects.checkIndex(number, 1);
        }
    }

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "a");
        String json = switch (product) {
            case POSTGRESQL -> "JSONB";
            case SQLITE -> "TEXT";
            default -> "JSON";
        };
        String bytes = switch (product) {
            case POSTGRESQL -> "BYTEA";
            case SQLITE -> "BLOB";
            default -> "VARBINARY(100)";
        };
        String made = switch (product) {
            case POSTGRESQL, H2 -> "TIMESTAMP(6) WITH TIME ZONE";
            case MYSQL, MARIADB -> "TIMESTAMP(6) NULL";
            case SQLITE -> "TIMESTAMP";
        };
        String code = product == Product.POSTGRESQL || product == Product.H2 ? "UUID" : "CHAR(36)";
        fleet.execute(
                "a",
                "CREATE TABLE thing (id INT PRIMARY KEY, letter VARCHAR(1), huge "
                        + (product == Product.SQLITE ? "BIGINT" : "DECIMAL(30, 0)") + ", code " + code
                        + ", size VARCHAR(9), made " + made + ")");
        fleet.execute("a", "CREATE TABLE document (id INT PRIMARY KEY, body " + json + ")");
        fleet.execute("a", "CREATE TABLE picture (id INT PRIMARY KEY, bytes " + bytes + ")");
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    @BeforeEach
    void nothingIsThere() {
        List.of("thing", "document", "picture").forEach(table -> fleet.execute("a", "DELETE FROM " + table));
    }

    private static <T> @Nullable T answer(Mono<T> work) {
        return work.contextWrite(usingConnection("a")).block(PATIENCE);
    }

    private static SqlStatement sql(String sql) {
        return fleet.db().sql(sql);
    }

    private static <T> List<T> written(String table, Class<T> type, List<T> rows) {
        answer(fleet.db().insertInto(table).rows(rows).rowsUpdated());
        List<T> read = answer(sql("SELECT * FROM {t} ORDER BY id")
                .identifier("t", table)
                .map(type)
                .all()
                .collectList());
        return read == null ? List.of() : read;
    }

    private Thing full(int id) {
        BigInteger huge = product == Product.SQLITE
                ? BigInteger.valueOf(Long.MAX_VALUE)
                : BigInteger.TEN.pow(29).subtract(BigInteger.ONE);
        return new Thing(id, '\'', huge, UUID.randomUUID(), Size.LARGE, Instant.parse("2024-02-29T23:59:58.123456Z"));
    }

    @Test
    void everyTypeComesBackAndSoDoesItsNull() {
        List<Thing> things = List.of(full(1), new Thing(2, null, null, null, null, null), full(3));

        assertThat(written("thing", Thing.class, things)).isEqualTo(things);
    }

    @Test
    void aRecordsNullsHaveTypesInAnyStatement() {
        Thing empty = new Thing(1, null, null, null, null, null);
        written("thing", Thing.class, List.of(full(1)));

        answer(
                sql("UPDATE thing SET letter = :letter, huge = :huge, code = :code, size = :size, made = :made WHERE id = :id")
                        .bind(empty)
                        .rowsUpdated());
        assertThat(answer(sql("SELECT * FROM thing").map(Thing.class).one())).isEqualTo(empty);
    }

    @Test
    void aNullWithoutATypeFitsEveryColumn() {
        written("thing", Thing.class, List.of(full(1)));

        for (String column : List.of("letter", "huge", "code", "size", "made")) {
            assertThat(answer(sql("UPDATE thing SET {c} = :none WHERE id = 1")
                            .identifier("c", column)
                            .bindNull("none", Object.class)
                            .rowsUpdated()))
                    .isEqualTo(1);
        }
        assertThat(answer(sql("SELECT * FROM thing").map(Thing.class).one()))
                .isEqualTo(new Thing(1, null, null, null, null, null));
    }

    @Test
    void pointsInTimeMayBeBoundInAnyForm() {
        Instant instant = Instant.parse("2024-06-30T01:02:03.654321Z");
        OffsetDateTime offset = instant.atOffset(ZoneOffset.ofHours(5));
        ZonedDateTime zoned = instant.atZone(ZoneId.of("America/New_York"));
        int id = 1;
        for (Object value : List.of(instant, offset, zoned)) {
            answer(sql("INSERT INTO thing (id, made) VALUES (:id, :made)")
                    .bind("id", id++)
                    .bind("made", value)
                    .rowsUpdated());
        }
        assertThat(answer(sql("SELECT made FROM thing").map(Instant.class).all().collectList()))
                .containsExactly(instant, instant, instant);
    }

    /** The signs of these operators are those of parameters and comments elsewhere; MariaDB has functions for them, H2 nothing. */
    @Test
    void operatorsOnJsonWorkBesideParameters() {
        String matches = switch (product) {
            case POSTGRESQL ->
                "body ->> 'b' = :b AND body -> 'a' ->> 0 = :a AND body ? 'b' AND body ?| array['x', 'a'] AND body ?& array['a', 'b']"
                        + " AND body @> CAST(:part AS jsonb) AND body #>> '{a,0}' = :a";
            case MYSQL -> "body ->> '$.b' = :b AND body -> '$.a[0]' = :a";
            case MARIADB -> "JSON_VALUE(body, '$.b') = :b AND JSON_VALUE(body, '$.a[0]') = :a";
            case SQLITE -> "body ->> '$.b' = :b AND body ->> '$.a[0]' = :a AND body -> 'b' = '\"' || :b || '\"'";
            case H2 -> "id = 1 AND :a <> :b";
        };
        written(
                "document",
                Document.class,
                List.of(
                        new Document(1, new JsonText("{\"a\": [\"x\"], \"b\": \"it\"}")),
                        new Document(2, new JsonText("{\"a\": [\"y\"], \"b\": \"it\"}"))));
        SqlStatement found =
                sql("SELECT id FROM document WHERE " + matches).bind("a", "x").bind("b", "it");
        assertThat(answer((product == Product.POSTGRESQL ? found.bind("part", "{\"b\": \"it\"}") : found)
                        .map(Integer.class)
                        .all()
                        .collectList()))
                .containsExactly(1);
    }

    @Test
    void jsonComesBackAsJson() {
        Document document = new Document(1, new JsonText("{\"a\": [1, \"it's\"]}"));
        List<Document> read = written("document", Document.class, List.of(document, new Document(2, null)));

        assertThat(read.get(0).body()).isNotNull();
        assertThat(read.get(0).body().text().replace(" ", "")).isEqualTo("{\"a\":[1,\"it's\"]}");
        assertThat(read.get(1).body()).isNull();
        answer(sql("UPDATE document SET body = :body WHERE id = :id")
                .bind(Map.of("body", new JsonText("[]"), "id", 2))
                .rowsUpdated());
        answer(sql("UPDATE document SET body = :body WHERE id = 1")
                .bindNull("body", JsonText.class)
                .rowsUpdated());
        assertThat(answer(sql("SELECT body FROM document WHERE id = 2")
                        .map(JsonText.class)
                        .one()))
                .isEqualTo(new JsonText("[]"));
        assertThat(answer(sql("SELECT body FROM document WHERE id = 2")
                        .map(String.class)
                        .one()))
                .isEqualTo("[]");
        assertThat(answer(sql("SELECT count(*) FROM document WHERE body IS NULL")
                        .map(Long.class)
                        .one()))
                .isEqualTo(1);
    }

    @Test
    void bytesComeBackAsBytes() {
        byte[] bytes = {0, 1, -1, '\'', '\\'};
        List<Picture> pictures = List.of(new Picture(1, ByteBuffer.wrap(bytes)), new Picture(2, null));

        assertThat(written("picture", Picture.class, pictures)).isEqualTo(pictures);
        answer(sql("UPDATE picture SET bytes = :bytes WHERE id = 2")
                .bind("bytes", bytes)
                .rowsUpdated());
        assertThat(answer(sql("SELECT bytes FROM picture WHERE id = 2")
                        .map(byte[].class)
                        .one()))
                .isEqualTo(bytes);
    }

    @Test
    void semicolonsInsideOfQuotesArePartOfThem() {
        assertThat(answer(sql("SELECT 'a;b' -- ;\n WHERE 1 = :one")
                        .bind("one", 1)
                        .map(String.class)
                        .one()))
                .isEqualTo("a;b");
    }

    @Test
    void whatIsNoValueIsRefusedInWords() {
        assertThatThrownBy(() -> sql("SELECT :x").batch(List.of(7)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "Values come from a record or from a Map with the parameters' names, and java.lang.Integer is"
                                + " neither. Call bind(name, value) for a single value.");
        assertThatThrownBy(() -> sql("SELECT :x").batch(List.of(Map.of(1, 2))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The keys of a Map of values are the parameters' names, and java.lang.Integer is no String."
                        + " Use a Map<String, ?>.");
        assertThatThrownBy(() -> sql("SELECT :x").bind(new Failing(7)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("The accessor number() of ")
                .hasMessageEndingWith("failed with IndexOutOfBoundsException. The cause tells why.");
    }
}
