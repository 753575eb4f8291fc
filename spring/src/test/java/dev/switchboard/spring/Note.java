package dev.switchboard.spring;

import org.jspecify.annotations.Nullable;
import org.springframework.data.annotation.Id;
import org.springframework.data.relational.core.mapping.Table;

/** A row of an application. */
@Table("note")
record Note(@Id @Nullable Integer id, String body) {

    static Note of(String body) {
        return new Note(null, body);
    }
}
