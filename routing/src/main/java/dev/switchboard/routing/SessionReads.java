package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Watches a connection that reads for a session: it was fresh enough when it was taken, and the session may have written since. Each
 * later read on it is held to what the session knows by then, as far as that can be told without asking a server.
 */
final class SessionReads extends ReadingOnly {

    private final GroupWatch group;
    private final @Nullable SessionToken captured;
    private final SessionToken.@Nullable Need met;
    private volatile boolean used;

    /**
     * Watches one connection.
     *
     * @param group the group when it was taken
     * @param member who serves it
     * @param captured the token of the scope that asked for it
     * @param met what that token needed then
     */
    SessionReads(GroupWatch group, String member, @Nullable SessionToken captured, SessionToken.@Nullable Need met) {
        super(member);
        this.group = group;
        this.captured = captured;
        this.met = met;
    }

    @Override
    public void reading(ContextView statementContext) {
        if (!used) {
            // The one that it was chosen for; what is written meanwhile is written beside it.
            used = true;
            return;
        }
        SessionToken own = SessionToken.from(statementContext);
        SessionToken token = own == null ? captured : own;
        if (token == null) {
            return;
        }
        SessionToken.Need need = token.need(group.logicalName());
        boolean known = token == captured && need.equals(met);
        if (!known && !meets(need)) {
            throw new RouteConflictException(
                    member(),
                    "of a read before the session's last write",
                    "a read that must see that write",
                    "A connection is chosen once. Ask for another one, which will be fresh enough");
        }
    }

    private boolean meets(SessionToken.Need need) {
        boolean isPrimary = member().equals(group.primary());
        LogPosition position = need.position();
        if (need.primary() || position == null) {
            return isPrimary || !need.primary();
        }
        if (position instanceof WrittenAt time) {
            return isPrimary || group.isEverywhere(time);
        }
        ReplicaMember.Seen seen = group.member(member()).seen();
        LogPosition replayed = seen == null ? null : seen.replayed();
        return isPrimary
                ? member().equals(group.primaryWith(position))
                : replayed != null && position.isReachedBy(replayed);
    }
}
