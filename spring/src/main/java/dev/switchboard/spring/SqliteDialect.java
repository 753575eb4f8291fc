package dev.switchboard.spring;

import java.util.Collection;
import org.springframework.data.r2dbc.dialect.R2dbcDialect;
import org.springframework.data.relational.core.dialect.AbstractDialect;
import org.springframework.data.relational.core.dialect.IdGeneration;
import org.springframework.data.relational.core.dialect.LimitClause;
import org.springframework.data.relational.core.dialect.LockClause;
import org.springframework.data.relational.core.sql.IdentifierProcessing;
import org.springframework.data.relational.core.sql.IdentifierProcessing.LetterCasing;
import org.springframework.data.relational.core.sql.IdentifierProcessing.Quoting;
import org.springframework.data.relational.core.sql.LockOptions;
import org.springframework.data.relational.core.sql.SqlIdentifier;
import org.springframework.data.relational.core.sql.render.PostgresUpsertRenderContext;
import org.springframework.data.relational.core.sql.render.UpsertRenderContext;
import org.springframework.r2dbc.core.binding.BindMarkersFactory;

/**
 * How Spring Data R2DBC speaks to SQLite. Spring finds it by itself when this module is on the class path; it is named only
 * where a template or a factory of repositories is made with a dialect by hand.
 *
 * <p>SQLite has no row locks, so {@code @Lock} adds nothing to a query: what writes inside a transaction has the lock of the
 * file. It has no sequences and no arrays. Its {@code LIKE} knows no escape character unless the query names one, so derived
 * queries such as {@code findByNameContaining} find nothing for a value with {@code %}, {@code _} or a backslash; write those
 * with {@code @Query} and {@code instr(..)}, or {@code LIKE .. ESCAPE}.
 */
@SuppressWarnings("exports") // Whoever names it has Spring, and requires it.
public final class SqliteDialect extends AbstractDialect implements R2dbcDialect {

    /** The dialect; it has no state. */
    public static final SqliteDialect INSTANCE = new SqliteDialect();

    /** Backticks, since SQLite takes a name in double quotes that is no column for a string, without a word. */
    private static final IdentifierProcessing IDENTIFIERS =
            IdentifierProcessing.create(new Quoting("`"), LetterCasing.AS_IS);

    private static final LimitClause LIMIT = new Limit();
    private static final LockClause LOCK = new NoLock();
    private static final IdGeneration KEYS = new NoSequences();

    private SqliteDialect() {}

    /**
     * The name by which Spring Data chooses the form of an upsert, and nothing else.
     *
     * @return the name of the product whose {@code INSERT .. ON CONFLICT} SQLite has adopted
     */
    @Override
    public String getName() {
        return "Postgres";
    }

    /**
     * The form of an upsert.
     *
     * @return {@code INSERT .. ON CONFLICT .. DO UPDATE}
     */
    @Override
    public UpsertRenderContext getUpsertRenderContext() {
        return PostgresUpsertRenderContext.INSTANCE;
    }

    @Override
    public BindMarkersFactory getBindMarkersFactory() {
        return SqliteBindMarkersProvider.NUMBERED;
    }

    @Override
    public IdentifierProcessing getIdentifierProcessing() {
        return IDENTIFIERS;
    }

    @Override
    public String renderForGeneratedValues(SqlIdentifier identifier) {
        return identifier.getReference();
    }

    @Override
    public IdGeneration getIdGeneration() {
        return KEYS;
    }

    /**
     * The readers of what SQLite stores in another form than the property has.
     *
     * @return numbers as truth values, text as dates and times
     */
    @Override
    public Collection<Object> getConverters() {
        return SqliteConverters.ALL;
    }

    @Override
    public LimitClause limit() {
        return LIMIT;
    }

    @Override
    public LockClause lock() {
        return LOCK;
    }

    private static final class Limit implements LimitClause {

        @Override
        public String getLimit(long limit) {
            return "LIMIT " + limit;
        }

        /** There is no offset without a limit; a negative one is none. */
        @Override
        public String getOffset(long offset) {
            return getLimitOffset(-1, offset);
        }

        @Override
        public String getLimitOffset(long limit, long offset) {
            return "LIMIT " + limit + " OFFSET " + offset;
        }

        @Override
        public LimitClause.Position getClausePosition() {
            return LimitClause.Position.AFTER_ORDER_BY;
        }
    }

    private static final class NoLock implements LockClause {

        @Override
        public String getLock(LockOptions lockOptions) {
            return "";
        }

        @Override
        public LockClause.Position getClausePosition() {
            return LockClause.Position.AFTER_ORDER_BY;
        }
    }

    private static final class NoSequences implements IdGeneration {

        @Override
        public boolean sequencesSupported() {
            return false;
        }

        @Override
        public String createSequenceQuery(SqlIdentifier sequenceName) {
            throw new UnsupportedOperationException(
                    "SQLite has no sequences, so there is no " + sequenceName.getReference()
                            + "; leave the key to the table (INTEGER PRIMARY KEY), or set it before saving");
        }
    }
}
