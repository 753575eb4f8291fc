package dev.switchboard.routing;

import dev.switchboard.core.JointAdmission;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;

/**
 * The rows of several databases in one order, read from all of them at the same time. All connections are taken together, so a
 * merge never holds some of them while it waits for others that another merge has.
 *
 * @param order which row comes first
 * @param prefetch how many rows are asked of each database ahead
 * @param limit how long a row may take that is asked for, or null
 * @param <T> the type of a row
 */
record OrderedRows<T>(
        Comparator<? super T> order, int prefetch, @Nullable Duration limit) {

    Flux<FromShard<T>> of(List<FanOutTarget> targets, Flux<T> query) {
        if (targets.isEmpty()) {
            return Flux.empty();
        }
        JointAdmission joint = JointAdmission.of(targets.size());
        return merged(
                targets.stream()
                        .map(target -> rows(target, query, joint.place()))
                        .toList(),
                order,
                prefetch);
    }

    /** Of rows that compare as equal the one of the first source comes first. */
    static <T> Flux<FromShard<T>> merged(List<Flux<FromShard<T>>> sources, Comparator<? super T> order, int prefetch) {
        @SuppressWarnings({"unchecked", "rawtypes"}) // an array of publishers of one type, made here and read only
        Publisher<FromShard<T>>[] all = sources.toArray(new Publisher[0]);
        return Flux.mergeComparing(prefetch, Comparator.comparing(FromShard::value, order), all)
                .onErrorMap(Exceptions::isMultiple, OrderedRows::first);
    }

    /** Who fails at the same moment as another one must not take away what kind of error that is. */
    private static Throwable first(Throwable several) {
        List<Throwable> failures = Exceptions.unwrapMultiple(several);
        Throwable first = failures.get(0);
        failures.stream().filter(failure -> failure != first).forEach(first::addSuppressed);
        return first;
    }

    private Flux<FromShard<T>> rows(FanOutTarget target, Flux<T> query, JointAdmission.Place place) {
        return Flux.defer(() -> {
            Check<T> check = new Check<>(target.shard(), order, place);
            return target.streamed(query.contextWrite(place::writeTo), limit)
                    .map(check::passed)
                    .onErrorMap(target::named)
                    // Where it fails or is left, the others leave too and need no connection any more.
                    .doOnComplete(place::ended);
        });
    }

    /** Lets rows pass that are in order: of others nobody could make one order. */
    private static final class Check<T> {

        private final String shard;
        private final Comparator<? super T> order;
        private final JointAdmission.Place place;
        private @Nullable T before;

        Check(String shard, Comparator<? super T> order, JointAdmission.Place place) {
            this.shard = shard;
            this.order = order;
            this.place = place;
        }

        FromShard<T> passed(T row) {
            T last = before;
            if (last == null) {
                place.ended();
            } else if (order.compare(last, row) > 0) {
                throw ShardOrderException.notInOrder(shard);
            }
            before = row;
            return new FromShard<>(shard, row);
        }
    }
}
