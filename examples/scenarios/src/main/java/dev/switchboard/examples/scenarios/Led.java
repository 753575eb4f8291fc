package dev.switchboard.examples.scenarios;

import dev.switchboard.routing.RouteListener;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import reactor.core.publisher.Flux;

/** Runs a chain and prints where its connections led and what it answered. */
final class Led {

    private final PrintStream out;

    Led(PrintStream out) {
        this.out = out;
    }

    void heading(String text) {
        out.println();
        out.println(text);
    }

    /** The program has nothing else to do meanwhile, so it waits. */
    void run(String what, Flux<?> chain) {
        List<String> names = new CopyOnWriteArrayList<>();
        String answer;
        try {
            answer = chain.contextWrite(RouteListener.listening((route, hints) -> names.add(route.connectionName())))
                    .map(Object::toString)
                    .collect(Collectors.joining(", "))
                    .block();
        } catch (RuntimeException refused) {
            answer = refused.getClass().getSimpleName() + ": " + refused.getMessage();
        }
        String places = names.stream().distinct().sorted().collect(Collectors.joining(", "));
        out.printf("   %-38s %-28s %s%n", what, "-> " + (places.isEmpty() ? "nowhere" : places), answer);
    }
}
