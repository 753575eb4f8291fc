package dev.switchboard.routing;

import java.util.Objects;

/**
 * JSON as text: what {@link SqlStatement#bind(String, Object)} and a record's component write to a JSON column, and read from
 * one, on every product. The text is not parsed here; the database refuses what is no JSON, and may give it back with other
 * blanks and in another order.
 *
 * @param text the JSON
 */
public record JsonText(String text) {

    /**
     * Takes the text as it is.
     *
     * @param text the JSON text
     */
    public JsonText {
        Objects.requireNonNull(text, "text");
    }

    /** {@return the text itself} */
    @Override
    public String toString() {
        return text;
    }
}
