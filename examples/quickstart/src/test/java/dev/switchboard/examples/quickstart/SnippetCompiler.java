package dev.switchboard.examples.quickstart;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionStatementTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.StatementTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles a snippet of a page as the method of a {@link PageSnippet}. */
final class SnippetCompiler {

    private static final String NAME = "Snippet";
    private static final String BEFORE = """
            import static dev.switchboard.routing.Routing.*;
            import static dev.switchboard.tenancy.Tenancy.*;
            import static org.jooq.impl.DSL.field;
            import dev.switchboard.core.*;
            import dev.switchboard.jdbc.*;
            import dev.switchboard.routing.*;
            import dev.switchboard.tenancy.*;
            import dev.switchboard.testing.*;
            import org.junit.jupiter.api.Test;
            import org.jooq.DSLContext;
            import org.jooq.Record1;
            import org.jooq.SQLDialect;
            import org.jooq.impl.DSL;
            import org.springframework.r2dbc.connection.R2dbcTransactionManager;
            import org.springframework.r2dbc.core.DatabaseClient;
            import org.springframework.transaction.reactive.TransactionalOperator;
            import io.r2dbc.postgresql.api.PostgresqlConnection;
            import io.r2dbc.spi.Connection;
            import io.r2dbc.spi.ConnectionFactories;
            import io.r2dbc.spi.IsolationLevel;
            import java.nio.file.*;
            import java.time.*;
            import java.util.*;
            import org.flywaydb.core.Flyway;
            import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
            import reactor.core.publisher.Flux;
            import reactor.core.publisher.Mono;
            import reactor.core.publisher.Sinks;
            import reactor.core.scheduler.Schedulers;
            public final class Snippet extends dev.switchboard.examples.quickstart.PageSnippet {
            @Override protected void snippet() throws Exception {
            """;
    private static final String AFTER = "\n}\n}\n";
    private static final long LINES_BEFORE = BEFORE.lines().count();

    private static final JavaCompiler COMPILER =
            Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "these tests need a JDK");

    /** One for all: reading the class path takes longer than compiling a snippet. */
    private static final StandardJavaFileManager FILES =
            COMPILER.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8);

    private final Path classes;

    SnippetCompiler(Path classes) {
        this.classes = classes;
    }

    /** An object whose method is the snippet; an {@link AssertionError} names the page and line where it does not compile. */
    PageSnippet compile(Fence fence) throws IOException, ReflectiveOperationException {
        String source = BEFORE + fence.text() + AFTER;
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        boolean compiled = task(usingEveryValue(source, fence), problems).call();
        if (!compiled) {
            throw failure(fence, problems);
        }
        URL[] path = {classes.toUri().toURL()};
        return Class.forName(NAME, true, new URLClassLoader(path, SnippetCompiler.class.getClassLoader()))
                .asSubclass(PageSnippet.class)
                .getDeclaredConstructor()
                .newInstance();
    }

    /** The source with {@code chain;} as {@code use(chain);} on the same line, so that what a reader sees is what runs. */
    private String usingEveryValue(String source, Fence fence) throws IOException {
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        JavacTask task = task(source, problems);
        CompilationUnitTree unit = task.parse().iterator().next();
        if (!problems.getDiagnostics().isEmpty()) {
            throw failure(fence, problems);
        }
        SourcePositions positions = Trees.instance(task).getSourcePositions();
        StringBuilder changed = new StringBuilder(source);
        List<? extends StatementTree> statements = statements(unit);
        for (int i = statements.size() - 1; i >= 0; i--) {
            if (statements.get(i) instanceof ExpressionStatementTree statement) {
                changed.insert((int) positions.getEndPosition(unit, statement.getExpression()), ')');
                changed.insert((int) positions.getStartPosition(unit, statement), "use(");
            }
        }
        return changed.toString();
    }

    private static List<? extends StatementTree> statements(CompilationUnitTree unit) {
        ClassTree snippet = (ClassTree) unit.getTypeDecls().get(0);
        MethodTree method = (MethodTree) snippet.getMembers().get(0);
        return method.getBody().getStatements();
    }

    private JavacTask task(String source, DiagnosticCollector<JavaFileObject> problems) {
        List<String> options =
                List.of("-d", classes.toString(), "-classpath", System.getProperty("java.class.path"), "-proc:none");
        return (JavacTask) COMPILER.getTask(null, FILES, problems, options, null, List.of(new Source(source)));
    }

    private static AssertionError failure(Fence fence, DiagnosticCollector<JavaFileObject> problems) {
        return new AssertionError(problems.getDiagnostics().stream()
                .filter(problem -> problem.getKind() == Diagnostic.Kind.ERROR)
                .map(problem -> fence.page() + ":" + (fence.line() + problem.getLineNumber() - LINES_BEFORE - 1) + ": "
                        + problem.getMessage(Locale.ROOT))
                .collect(Collectors.joining("\n")));
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String text) {
            super(URI.create("string:///" + NAME + ".java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
