package dev.switchboard.spring;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.data.repository.core.support.RepositoryFactoryBeanSupport;
import org.springframework.data.repository.core.support.RepositoryFactoryCustomizer;
import org.springframework.data.repository.core.support.RepositoryFactorySupport;

/**
 * Leads the repositories of Spring Data to where their entities live: each method runs as about the entity of its repository, so that
 * an {@code EntityRouter} of the connection factory gives reads the read name and writes the write name. As a bean it reaches
 * all repositories of the application:
 *
 * <pre>{@code @Bean
 * static EntityRepositories entityRepositories() {
 *     return EntityRepositories.create();
 * }}</pre>
 *
 * <p>What reads: the methods of the base interfaces that Spring Data runs in a read-only transaction ({@code findById},
 * {@code count}), queries derived from their names, and a {@code @Query} whose text begins with {@code SELECT}. Everything else
 * writes: {@code @Modifying}, a {@code @Query} that begins otherwise, {@code deleteBy..}, and what locks rows ({@code @Lock}).
 * {@code @Transactional} on the method of the interface decides before all that, by its {@code readOnly}. A {@code default} method
 * is left alone, as the methods that it calls are led themselves; the implementation of a fragment gets the entity and decides itself how
 * it reads.
 *
 * <p>A scope that says {@code readWrite()} lets reads go to the write name. Methods must return a {@code Mono}, a {@code Flux} or another
 * {@code Publisher}; any other is an {@link IllegalStateException} when it is called, since nobody could tell it its entity. Nothing
 * happens before what they return is subscribed.
 */
@SuppressWarnings("exports") // Whoever names it has Spring, and requires it.
public final class EntityRepositories implements BeanPostProcessor, RepositoryFactoryCustomizer {

    private EntityRepositories() {}

    /**
     * Makes the bean, or what {@link RepositoryFactoryBeanSupport#addRepositoryFactoryCustomizer} takes.
     *
     * @return a customizer without state
     */
    public static EntityRepositories create() {
        return new EntityRepositories();
    }

    @Override
    public Object postProcessBeforeInitialization(Object bean, String beanName) {
        if (bean instanceof RepositoryFactoryBeanSupport<?, ?, ?> factory) {
            factory.addRepositoryFactoryCustomizer(this);
        }
        return bean;
    }

    @Override
    public void customize(RepositoryFactorySupport factory) {
        factory.addRepositoryProxyPostProcessor((proxy, repository) -> proxy.addAdvice(new EntityAdvice(repository)));
    }
}
