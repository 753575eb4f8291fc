package dev.switchboard.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import reactor.core.scheduler.Scheduler;

/**
 * In which order the joint admissions of a registry may collect their tickets: one at a time for each lane and for each cap, first
 * come first served. So two of them never wait for each other, each with a part of what the other one needs. Its lock is held
 * for a look at this list only.
 */
final class JointLine {

    private final Scheduler timer;
    private final Set<JointAdmission> line = new LinkedHashSet<>();

    JointLine(Scheduler timer) {
        this.timer = timer;
    }

    Scheduler timer() {
        return timer;
    }

    void enter(JointAdmission joint) {
        synchronized (this) {
            line.add(joint);
        }
        look();
    }

    void leave(JointAdmission joint) {
        synchronized (this) {
            if (!line.remove(joint)) {
                return;
            }
        }
        look();
    }

    /** Lets those collect whose turn it is. */
    void look() {
        List<JointAdmission> unopposed = new ArrayList<>();
        synchronized (this) {
            line.removeIf(joint -> !joint.isInLine());
            Set<Object> taken = new HashSet<>();
            for (JointAdmission joint : line) {
                if (Collections.disjoint(taken, joint.scopes())) {
                    unopposed.add(joint);
                }
                taken.addAll(joint.scopes());
            }
        }
        unopposed.forEach(JointAdmission::collect);
    }

    synchronized boolean isEmpty() {
        return line.isEmpty();
    }
}
