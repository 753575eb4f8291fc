package dev.switchboard.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** On a parameter of type {@code String} of a test: the R2DBC URL of a {@link TestDatabase}, user and password included. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PARAMETER)
public @interface TestDatabaseUrl {

    /** {@return the database's name in the registry; empty for the only one} */
    String value() default "";
}
