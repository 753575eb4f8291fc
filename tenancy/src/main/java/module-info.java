/** Who is asking, and which database that means. */
@org.jspecify.annotations.NullMarked
module dev.switchboard.tenancy {
    requires transitive dev.switchboard.routing;

    exports dev.switchboard.tenancy;
}
