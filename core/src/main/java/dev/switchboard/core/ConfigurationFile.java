package dev.switchboard.core;

import dev.switchboard.core.ConfigurationScope.Section;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Reads the entries of a properties file. Keys that do not start with {@code switchboard.} belong to somebody else. */
final class ConfigurationFile {

    private static final String ROOT = "switchboard";

    private final String file;
    private final Placeholders placeholders;
    private final ConfigurationProblems problems;
    private final Map<List<Object>, ConfigurationEntry> entries = new HashMap<>();

    ConfigurationFile(String file, Placeholders placeholders, ConfigurationProblems problems) {
        this.file = file;
        this.placeholders = placeholders;
        this.problems = problems;
    }

    /** The text of a file in UTF-8; blocks. */
    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException missing) {
            throw unreadable("the file does not exist", "Correct its path");
        } catch (CharacterCodingException notUtf8) {
            throw unreadable("the file is not in UTF-8", "Save it in UTF-8");
        } catch (IOException failure) {
            String kind = ErrorFacts.kind(failure);
            throw unreadable("the file cannot be read (" + kind + ")", "Check its path and its permissions");
        }
    }

    private static InvalidDefinitionException unreadable(String found, String next) {
        return ConfigurationProblems.refused(found, "a properties file in UTF-8 that this process may read", next);
    }

    List<ConfigurationEntry> entries(String text) {
        List<PropertiesText.Entry> lines = PropertiesText.entries(text, file, problems);
        return lines.stream().flatMap(this::entry).toList();
    }

    private Stream<ConfigurationEntry> entry(PropertiesText.Entry line) {
        String where = file + ", line " + line.line() + ", '" + ErrorText.words(line.key()) + "'";
        Stream.Builder<ConfigurationEntry> entry = Stream.builder();
        problems.during(where, () -> {
            if (isOurs(line.key())) {
                entry.add(read(where, line));
            }
        });
        return entry.build();
    }

    private static boolean isOurs(String key) {
        String first = key.substring(0, key.indexOf('.') < 0 ? key.length() : key.indexOf('.'));
        boolean alike = Math.abs(first.length() - ROOT.length()) <= 2
                && !NearMisses.of(first, Stream.of(ROOT)).isEmpty();
        DefinitionChecks.refuseIf(
                null,
                alike && !first.equals(ROOT),
                "the key starts with " + ErrorText.quoted(first) + " and would be passed over",
                "keys that start with '" + ROOT + ".'",
                "Correct the key");
        return first.equals(ROOT);
    }

    private ConfigurationEntry read(String where, PropertiesText.Entry line) {
        String rest =
                line.key().substring(Math.min(ROOT.length() + 1, line.key().length()));
        Section section = section(rest);
        String behind = rest.substring(Math.min(section.text().length() + 1, rest.length()));
        Split split = section.hasNames() ? Split.of(behind) : new Split("", behind);
        if (section.hasNames()) {
            DefinitionChecks.name(split.name());
        }
        ConfigurationScope scope = new ConfigurationScope(section, split.name());
        ConfigurationValue value = new ConfigurationValue(line.value(), placeholders.resolved(line.value(), false));
        ConfigurationEntry entry = new ConfigurationEntry(where, scope, split.key(), value);
        refuseTwice(entry);
        return entry;
    }

    private static Section section(String rest) {
        for (Section section : Section.values()) {
            boolean isAlone = section == Section.DEFAULT_CONNECTION;
            if (isAlone ? rest.equals(section.text()) : rest.startsWith(section.text() + ".")) {
                return section;
            }
        }
        String first = rest.substring(0, rest.indexOf('.') < 0 ? rest.length() : rest.indexOf('.'));
        throw ConfigurationProblems.refused(
                Section.texts().contains(first)
                        ? "the key ends too early, or goes on where it should end"
                        : ErrorText.quoted(first) + " is not a section of the configuration",
                "switchboard.connections.<name>.<key>, switchboard.templates.<name>.<key>,"
                        + " switchboard.defaults.<key>, switchboard.budget.<key> and switchboard.default-connection",
                "Correct the key");
    }

    private void refuseTwice(ConfigurationEntry entry) {
        ConfigurationEntry first = entries.putIfAbsent(List.of(entry.scope(), entry.key()), entry);
        DefinitionChecks.refuseIf(
                null,
                first != null,
                "the key stands in the file already" + (first == null ? "" : " (" + first.where() + ")"),
                "each key once",
                "Remove one of them, or give the other connection a name of its own");
    }

    /** The name and the key behind it; a name that holds dots stands in brackets. */
    private record Split(String name, String key) {

        static Split of(String text) {
            boolean isBracketed = text.startsWith("[");
            int end = isBracketed ? text.indexOf("].") : text.indexOf('.');
            if (end < 0) {
                throw ConfigurationProblems.refused(
                        isBracketed ? "the bracket around the name is not closed" : "no key stands behind the name",
                        "a name and a key, as in orders.url or [orders.eu].url",
                        "Complete the key");
            }
            return isBracketed
                    ? new Split(text.substring(1, end), text.substring(end + 2))
                    : new Split(text.substring(0, end), text.substring(end + 1));
        }
    }
}
