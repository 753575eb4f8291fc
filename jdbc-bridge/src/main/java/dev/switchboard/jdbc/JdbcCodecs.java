package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.sql.Blob;
import java.sql.Clob;
import java.sql.JDBCType;
import java.sql.SQLException;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values as JDBC gives and takes them, and as a program of today wants them. */
final class JdbcCodecs {
    private static final Map<JDBCType, R2dbcType> TYPES = Map.ofEntries(
            Map.entry(JDBCType.BOOLEAN, R2dbcType.BOOLEAN),
            Map.entry(JDBCType.BIT, R2dbcType.BOOLEAN),
            Map.entry(JDBCType.TINYINT, R2dbcType.TINYINT),
            Map.entry(JDBCType.SMALLINT, R2dbcType.SMALLINT),
            Map.entry(JDBCType.INTEGER, R2dbcType.INTEGER),
            Map.entry(JDBCType.BIGINT, R2dbcType.BIGINT),
            Map.entry(JDBCType.REAL, R2dbcType.REAL),
            Map.entry(JDBCType.FLOAT, R2dbcType.FLOAT),
            Map.entry(JDBCType.DOUBLE, R2dbcType.DOUBLE),
            Map.entry(JDBCType.NUMERIC, R2dbcType.NUMERIC),
            Map.entry(JDBCType.DECIMAL, R2dbcType.DECIMAL),
            Map.entry(JDBCType.CHAR, R2dbcType.CHAR),
            Map.entry(JDBCType.VARCHAR, R2dbcType.VARCHAR),
            Map.entry(JDBCType.LONGVARCHAR, R2dbcType.VARCHAR),
            Map.entry(JDBCType.CLOB, R2dbcType.CLOB),
            Map.entry(JDBCType.BLOB, R2dbcType.BLOB),
            Map.entry(JDBCType.BINARY, R2dbcType.BINARY),
            Map.entry(JDBCType.VARBINARY, R2dbcType.VARBINARY),
            Map.entry(JDBCType.DATE, R2dbcType.DATE),
            Map.entry(JDBCType.TIME, R2dbcType.TIME),
            Map.entry(JDBCType.TIMESTAMP, R2dbcType.TIMESTAMP),
            Map.entry(JDBCType.TIMESTAMP_WITH_TIMEZONE, R2dbcType.TIMESTAMP_WITH_TIME_ZONE));

    private JdbcCodecs() {}

    /** The type of a column; one that R2DBC has no word for is whatever its values are. */
    static Type type(int jdbcType) {
        Type known = null;
        for (Map.Entry<JDBCType, R2dbcType> entry : TYPES.entrySet()) {
            known = entry.getKey().getVendorTypeNumber() == jdbcType ? entry.getValue() : known;
        }
        return known == null ? UndeclaredType.ANY : known;
    }

    static Object encode(Object value) {
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        if (value instanceof ByteBuffer buffer) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.duplicate().get(bytes);
            return bytes;
        }
        if (value instanceof Character letter) {
            return letter.toString();
        }
        if (value instanceof Instant instant) {
            return instant.atOffset(ZoneOffset.UTC);
        }
        if (value instanceof ZonedDateTime time) {
            return time.toOffsetDateTime();
        }
        return value instanceof BigInteger number ? new BigDecimal(number) : value;
    }

    /** Takes a value off the connection: what JDBC only lends is read, and its old dates become today's. */
    static @Nullable Object read(@Nullable Object lent) throws SQLException {
        if (lent instanceof Clob clob) {
            return clob.getSubString(1, Math.toIntExact(clob.length()));
        }
        if (lent instanceof Blob blob) {
            return blob.getBytes(1, Math.toIntExact(blob.length()));
        }
        if (lent instanceof Timestamp time) {
            return time.toLocalDateTime();
        }
        if (lent instanceof java.sql.Date date) {
            return date.toLocalDate();
        }
        return lent instanceof Time time ? time.toLocalTime() : lent;
    }

    static @Nullable Object decode(@Nullable Object raw, JdbcColumn column, Class<?> type) {
        Class<?> wanted = ValueDecoder.boxed(type);
        if (raw == null) {
            return null;
        }
        if (wanted == Object.class) {
            return raw instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : raw;
        }
        if (wanted.isInstance(raw)) {
            return raw;
        }
        Object plain = raw;
        if (raw instanceof OffsetDateTime time && wanted == ZonedDateTime.class) {
            plain = time.toZonedDateTime();
        } else if (raw instanceof OffsetDateTime time && wanted == Instant.class) {
            plain = time.toInstant();
        } else if (raw instanceof LocalDateTime time && wanted == java.time.LocalDate.class && isMidnight(time)) {
            plain = time.toLocalDate();
        } else if (!(raw instanceof Number || raw instanceof byte[])) {
            plain = raw.toString();
        }
        return wanted.isInstance(plain) ? plain : ValueDecoder.decode(plain, column, type);
    }

    private static boolean isMidnight(LocalDateTime time) {
        return time.toLocalTime().toNanoOfDay() == 0;
    }
}
