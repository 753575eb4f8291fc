package dev.switchboard.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import io.r2dbc.spi.R2dbcException;
import java.util.List;

/** How packages and errors are made. */
final class Shape {

    private Shape() {}

    static List<HouseRule> rules() {
        return List.of(errorsAreOurs(), errorsAreR2dbc(), packagesAreNamedByTask());
    }

    private static HouseRule errorsAreOurs() {
        return HouseRule.of(
                "an error that users can catch answers whether it is ours",
                classes()
                        .that()
                        .areAssignableTo(Throwable.class)
                        .and()
                        .arePublic()
                        // The bridge is a plain driver: its errors are R2DBC's own.
                        .and()
                        .resideOutsideOfPackage(PublishedModule.JDBC_BRIDGE.root() + "..")
                        .should()
                        .beAssignableTo("dev.switchboard.core.SwitchboardError"),
                """
                package dev.switchboard.routing;
                public class Offender extends io.r2dbc.spi.R2dbcNonTransientException {}
                """);
    }

    private static HouseRule errorsAreR2dbc() {
        return HouseRule.of(
                "an error that users can catch answers whether to try again",
                classes()
                        .that()
                        .areAssignableTo(Throwable.class)
                        .and()
                        .arePublic()
                        .should()
                        .beAssignableTo(R2dbcException.class),
                """
                package dev.switchboard.core;
                public class Offender extends RuntimeException {}
                """);
    }

    private static HouseRule packagesAreNamedByTask() {
        return HouseRule.of(
                "packages are named by task",
                noClasses()
                        .should()
                        .resideInAnyPackage(
                                "..impl..", "..internal..", "..util..", "..utils..", "..support..", "..exception..")
                        .because("such packages force their types to be public"),
                """
                package dev.switchboard.core.internal;
                class Offender {}
                """);
    }
}
