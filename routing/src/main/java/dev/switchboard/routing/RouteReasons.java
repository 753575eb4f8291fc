package dev.switchboard.routing;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Why a route is what it is, as far as those who narrowed it have said so. Immutable; texts are made when somebody reads them.
 * Reasons are no part of a route: all of them are equal.
 */
public final class RouteReasons {

    /** No reason. */
    public static final RouteReasons NONE = new RouteReasons(null, null, () -> "");

    private final @Nullable RouteReasons before;
    private final @Nullable String name;
    private final Supplier<String> reason;

    private RouteReasons(@Nullable RouteReasons before, @Nullable String name, Supplier<String> reason) {
        this.before = before;
        this.name = name;
        this.reason = reason;
    }

    /** The same, and one more. */
    RouteReasons and(@Nullable String nameThen, Supplier<String> text) {
        return new RouteReasons(this, nameThen, Objects.requireNonNull(text, "reason"));
    }

    /** {@return the reasons, each with the name that it led to, the first one first} */
    public List<String> texts() {
        List<String> texts = new ArrayList<>();
        for (RouteReasons each = this; each != null && each.before != null; each = each.before) {
            texts.add((each.name == null ? "no name" : Shown.quoted(each.name)) + ": " + each.reason.get());
        }
        Collections.reverse(texts);
        return List.copyOf(texts);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RouteReasons;
    }

    @Override
    public int hashCode() {
        return 1;
    }

    /** {@return the reasons in words} */
    @Override
    public String toString() {
        return texts().toString();
    }
}
