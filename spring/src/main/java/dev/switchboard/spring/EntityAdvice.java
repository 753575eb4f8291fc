package dev.switchboard.spring;

import static dev.switchboard.routing.Routing.readOnlyByDefault;
import static dev.switchboard.routing.Routing.readWriteUnlessPrevented;
import static dev.switchboard.routing.Routing.usingEntity;

import dev.switchboard.routing.RoutingHint;
import java.lang.reflect.Method;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.data.r2dbc.repository.Modifying;
import org.springframework.data.r2dbc.repository.Query;
import org.springframework.data.relational.repository.Lock;
import org.springframework.data.repository.core.RepositoryInformation;
import org.springframework.transaction.annotation.Transactional;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** Writes the entity of a repository, and whether a method reads, into the Context of what the method returns. */
final class EntityAdvice implements MethodInterceptor {

    private final RepositoryInformation repository;
    private final RoutingHint entity;
    private final Map<Method, Function<Context, Context>> known = new ConcurrentHashMap<>();

    EntityAdvice(RepositoryInformation repository) {
        this.repository = repository;
        this.entity = usingEntity(repository.getDomainType());
    }

    @Override
    public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
        Method method = invocation.getMethod();
        if (method.isDefault() || method.getDeclaringClass() == Object.class) {
            return invocation.proceed();
        }
        Function<Context, Context> hints = known.computeIfAbsent(method, this::hints);
        Object answer = invocation.proceed();
        return answer instanceof Mono<?> mono
                ? mono.contextWrite(hints)
                : Flux.from((Publisher<?>) Objects.requireNonNull(answer)).contextWrite(hints);
    }

    private Function<Context, Context> hints(Method method) {
        if (!Publisher.class.isAssignableFrom(method.getReturnType())) {
            throw new IllegalStateException("The repository method "
                    + repository.getRepositoryInterface().getSimpleName() + "." + method.getName()
                    + " does not return a Mono, a Flux or another Publisher, so its query cannot be led to where its entity lives."
                    + " Let it return one of them, or leave this repository without EntityRepositories.");
        }
        if (repository.isCustomMethod(method)) {
            return entity;
        }
        return entity.andThen(reads(method) ? readOnlyByDefault() : readWriteUnlessPrevented());
    }

    private boolean reads(Method method) {
        Transactional declared = AnnotatedElementUtils.findMergedAnnotation(method, Transactional.class);
        if (declared != null) {
            return declared.readOnly();
        }
        return repository.isQueryMethod(method)
                ? queryReads(method)
                : baseReads(repository.getTargetClassMethod(method));
    }

    private static boolean baseReads(Method implementation) {
        Transactional transaction = AnnotatedElementUtils.findMergedAnnotation(implementation, Transactional.class);
        if (transaction == null) {
            transaction =
                    AnnotatedElementUtils.findMergedAnnotation(implementation.getDeclaringClass(), Transactional.class);
        }
        return transaction != null && transaction.readOnly();
    }

    private static boolean queryReads(Method method) {
        if (AnnotatedElementUtils.hasAnnotation(method, Modifying.class)
                || AnnotatedElementUtils.hasAnnotation(method, Lock.class)) {
            return false;
        }
        Query query = AnnotatedElementUtils.findMergedAnnotation(method, Query.class);
        if (query != null) {
            return query.value().strip().toLowerCase(Locale.ROOT).startsWith("select");
        }
        return !method.getName().startsWith("delete") && !method.getName().startsWith("remove");
    }
}
