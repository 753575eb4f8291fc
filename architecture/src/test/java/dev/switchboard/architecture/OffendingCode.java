package dev.switchboard.architecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Compiles small sources that break a rule, so that the rule can be seen to fail. They are texts and not classes of this
 * module, because the strict build would refuse some of them and their packages belong to other modules.
 */
final class OffendingCode {

    private static final Pattern PACKAGE = Pattern.compile("package\\s+([\\w.]+);");
    private static final Pattern TYPE = Pattern.compile("(?:class|interface|enum|record)\\s+(\\w+)");

    private OffendingCode() {}

    /** Compiles each source, a file with one top-level type, against this test's class path. */
    static JavaClasses compile(List<String> sources) {
        try {
            Path folder = Files.createTempDirectory("offending");
            compileInto(folder, sources, List.of("-classpath", System.getProperty("java.class.path")));
            return new ClassFileImporter().importPath(folder);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static void compileInto(Path folder, List<String> sources, List<String> options) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        List<String> all = new java.util.ArrayList<>(List.of("-proc:none", "-nowarn", "-d", folder.toString()));
        all.addAll(options);
        boolean compiled = compiler.getTask(
                        messages,
                        null,
                        null,
                        all,
                        null,
                        sources.stream().map(OffendingCode::file).toList())
                .call();
        if (!compiled) {
            throw new IllegalStateException("An offending source does not compile: " + messages);
        }
    }

    private static JavaFileObject file(String source) {
        String type = source.contains("module dev.switchboard") ? "module-info" : typeName(source);
        return new SimpleJavaFileObject(
                URI.create("memory:///" + type.replace('.', '/') + ".java"), JavaFileObject.Kind.SOURCE) {

            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
    }

    private static String typeName(String source) {
        return first(PACKAGE, source) + "." + first(TYPE, source);
    }

    private static String first(Pattern pattern, String source) {
        Matcher matcher = pattern.matcher(source);
        if (!matcher.find()) {
            throw new IllegalStateException("Nothing matches " + pattern + " in: " + source);
        }
        return matcher.group(1);
    }
}
