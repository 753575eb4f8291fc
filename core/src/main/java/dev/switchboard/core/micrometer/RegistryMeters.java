package dev.switchboard.core.micrometer;

import dev.switchboard.core.BudgetStatus;
import dev.switchboard.core.ReactiveConnectionRegistry;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import reactor.core.Disposable;
import reactor.core.Disposables;

/** The meters of a registry as a whole. */
final class RegistryMeters {

    private final MeterRegistry meters;
    private final ReactiveConnectionRegistry registry;
    private final List<Meter> registered = new ArrayList<>();

    RegistryMeters(MeterRegistry meters, ReactiveConnectionRegistry registry) {
        this.meters = meters;
        this.registry = registry;
    }

    Disposable bound() {
        counter(
                "events.lost",
                "Events that subscribers lost because they fell behind",
                all -> all.events().lost());
        gauge(
                "statements.running",
                "Statements that run or whose rows are being read",
                all -> all.connections().inFlight().size());
        gauge("budget.open", "Open connections", all -> total(all).open());
        gauge(
                "budget.idle",
                "Open connections that nobody has",
                all -> total(all).counts().idle());
        gauge(
                "budget.waiting",
                "Borrowers that wait",
                all -> total(all).counts().waiting());
        gauge("budget.cap", "The most connections", RegistryMeters::cap);
        counter(
                "budget.reclaimed",
                "Idle connections that made room for others",
                all -> total(all).reclaimed());
        counter(
                "budget.moved",
                "Idle connections that went to another name",
                all -> total(all).moved());
        return Disposables.composite(() -> registered.forEach(meters::remove));
    }

    private static BudgetStatus total(ReactiveConnectionRegistry registry) {
        return registry.budget().total();
    }

    private static double cap(ReactiveConnectionRegistry registry) {
        int cap = total(registry).counts().max();
        return cap == Integer.MAX_VALUE ? Double.NaN : cap;
    }

    private void gauge(String name, String description, ToDoubleFunction<ReactiveConnectionRegistry> value) {
        registered.add(Gauge.builder("switchboard." + name, registry, value)
                .description(description)
                .register(meters));
    }

    private void counter(String name, String description, ToDoubleFunction<ReactiveConnectionRegistry> value) {
        registered.add(FunctionCounter.builder("switchboard." + name, registry, value)
                .description(description)
                .register(meters));
    }
}
