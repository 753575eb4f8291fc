package dev.switchboard.routing;

import java.lang.annotation.Annotation;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Leads a query to where its entity lives: what only reads to the read name, everything else to the write name. Made by
 * {@link Router#byEntity}; immutable.
 *
 * <pre>{@code Router.byEntity(entities -> entities
 *         .entity(Customer.class, "crm_read", "crm")
 *         .annotated(Archived.class, archived -> EntityRouter.Names.of("archive"))
 *         .otherwise("main"))}</pre>
 *
 * <p>The rule of a class is its own, else that of an annotation on it, else that of its nearest superclass, else the one for all
 * others. Where there is none, and where the scope names no entity, the router has no opinion. It stands before routers for shards and
 * replicas, whose logical names its own may be.
 *
 * <p>A connection that the scope has named as well must be the one that the entity leads to, or its write name; anything else is a
 * {@link RouteConflictException}.
 */
public final class EntityRouter implements Router {

    /**
     * Where an entity lives.
     *
     * @param read the connection, or the logical name, for what only reads
     * @param write the one for everything else; may be the same
     */
    public record Names(String read, String write) {

        /**
         * Checks that both can be names.
         *
         * @param read for what only reads
         * @param write for everything else
         * @throws IllegalArgumentException if a connection cannot be named so
         */
        public Names {
            RoutingKey.of(read);
            RoutingKey.of(write);
        }

        /**
         * One place for both.
         *
         * @param name the connection, or the logical name
         * @return the names
         */
        public static Names of(String name) {
            return new Names(name, name);
        }
    }

    private final Map<Class<?>, Names> byClass;
    private final Map<Class<? extends Annotation>, Function<Annotation, Names>> byAnnotation;
    private final @Nullable Names others;
    private final ClassValue<Optional<Names>> known = new ClassValue<>() {
        @Override
        protected Optional<Names> computeValue(Class<?> type) {
            return Optional.ofNullable(find(type));
        }
    };

    private EntityRouter(Builder builder) {
        this.byClass = Map.copyOf(builder.byClass);
        this.byAnnotation = new LinkedHashMap<>(builder.byAnnotation);
        this.others = builder.others;
    }

    static EntityRouter of(Builder builder) {
        return new EntityRouter(builder);
    }

    private @Nullable Names find(Class<?> type) {
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            Names own = byClass.get(each);
            if (own != null) {
                return own;
            }
            for (Map.Entry<Class<? extends Annotation>, Function<Annotation, Names>> rule : byAnnotation.entrySet()) {
                Annotation written = each.getDeclaredAnnotation(rule.getKey());
                if (written != null) {
                    return Objects.requireNonNull(rule.getValue().apply(written), "the names of an annotation");
                }
            }
        }
        return others;
    }

    /**
     * Where an entity lives.
     *
     * @param type its class
     * @return the names, or null where no rule is about it
     */
    public @Nullable Names names(Class<?> type) {
        return known.get(type).orElse(null);
    }

    /** Narrows to the name of the entity; see the description of this class. */
    @Override
    public Mono<PartialRoute> route(PartialRoute soFar, RouteHints hints) {
        return Mono.fromSupplier(() -> {
            EntityKey entity = hints.get(EntityKey.class);
            Names names = entity == null ? null : names(entity.type());
            return entity == null || names == null ? soFar : led(soFar, hints, entity, names);
        });
    }

    private static PartialRoute led(PartialRoute soFar, RouteHints hints, EntityKey entity, Names names) {
        String wanted = soFar.readOnly() ? names.read() : names.write();
        boolean chosen = hints.connectionName() != null || hints.asksForDefaultConnection();
        if (!chosen) {
            boolean apart = soFar.readOnly() && !wanted.equals(names.write());
            return soFar.withConnectionName(wanted)
                    .withWatch(apart ? new ReadingOnly(wanted) : soFar.watch())
                    .because(() -> "where the " + entity + " is " + (soFar.readOnly() ? "read" : "written"));
        }
        String name = soFar.connectionName();
        if (wanted.equals(name) || (soFar.readOnly() && names.write().equals(name))) {
            return soFar.because(() -> "a connection of the " + entity);
        }
        throw new RouteConflictException(
                null,
                "of the " + entity,
                "connection " + (name == null ? "by default" : Shown.quoted(name)),
                "It " + (soFar.readOnly() ? "is read at " : "is written at ") + Shown.quoted(wanted)
                        + ". Remove the name from the scope, or the entity");
    }

    /** {@return whether both have a rule, and the same names} */
    @Override
    public boolean servesAlike(EntityKey held, EntityKey asked) {
        return Objects.equals(names(held.type()), names(asked.type()));
    }

    /** {@return how many rules it has} */
    @Override
    public String toString() {
        return "EntityRouter[" + (byClass.size() + byAnnotation.size()) + " rules"
                + (others == null ? "]" : " and one for all others]");
    }

    /** Says where entities live. Not thread-safe. */
    public static final class Builder {

        private final Map<Class<?>, Names> byClass = new LinkedHashMap<>();
        private final Map<Class<? extends Annotation>, Function<Annotation, Names>> byAnnotation =
                new LinkedHashMap<>();
        private @Nullable Names others;

        Builder() {}

        /**
         * One place for a class, and for those that extend it and have no rule of their own.
         *
         * @param type the class of an entity
         * @param name where it is read and written
         * @return this builder
         */
        public Builder entity(Class<?> type, String name) {
            return entity(type, name, name);
        }

        /**
         * Two places for a class, and for those that extend it and have no rule of their own. A second rule for a class replaces the
         * first.
         *
         * @param type the class of an entity
         * @param readName where it is read
         * @param writeName where it is written
         * @return this builder
         * @throws IllegalArgumentException if a connection cannot be named so
         */
        public Builder entity(Class<?> type, String readName, String writeName) {
            byClass.put(Objects.requireNonNull(type, "type"), new Names(readName, writeName));
            return this;
        }

        /**
         * A place for every class with an annotation. Of two annotations on one class the rule that was given first counts.
         *
         * @param annotation an annotation that is kept until run time
         * @param names reads the names from the annotation; called once for a class, must be quick and return no null
         * @param <A> the annotation
         * @return this builder
         */
        public <A extends Annotation> Builder annotated(Class<A> annotation, Function<? super A, Names> names) {
            Objects.requireNonNull(names, "names");
            byAnnotation.put(annotation, written -> names.apply(annotation.cast(written)));
            return this;
        }

        /**
         * One place for all classes without a rule.
         *
         * @param name where they are read and written
         * @return this builder
         */
        public Builder otherwise(String name) {
            return otherwise(name, name);
        }

        /**
         * Two places for all classes without a rule.
         *
         * @param readName where they are read
         * @param writeName where they are written
         * @return this builder
         * @throws IllegalArgumentException if a connection cannot be named so
         */
        public Builder otherwise(String readName, String writeName) {
            others = new Names(readName, writeName);
            return this;
        }
    }
}
