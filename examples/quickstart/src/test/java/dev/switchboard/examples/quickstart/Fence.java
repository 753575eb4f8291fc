package dev.switchboard.examples.quickstart;

import java.util.ArrayList;
import java.util.List;

/**
 * A block of code in a Markdown page.
 *
 * @param page the page
 * @param line the number of its first line of code
 * @param code its lines
 * @param output the lines of the block of plain text right behind it, which is what it prints; empty where there is none
 */
record Fence(String page, int line, List<String> code, List<String> output) {

    private static final String PLAIN = "text";

    /** The blocks of one language, in the order of the page. */
    static List<Fence> of(String language, String page, List<String> lines) {
        List<Fence> fences = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).equals("```" + language)) {
                List<String> code = block(lines, i);
                int behind = i + code.size() + 2;
                boolean prints = lines.subList(Math.min(behind, lines.size()), lines.size()).stream()
                        .filter(line -> !line.isBlank())
                        .findFirst()
                        .filter(("```" + PLAIN)::equals)
                        .isPresent();
                List<String> output = prints
                        ? block(lines, lines.subList(behind, lines.size()).indexOf("```" + PLAIN) + behind)
                        : List.of();
                fences.add(new Fence(page, i + 2, code, output));
                i = behind - 1;
            }
        }
        return fences;
    }

    private static List<String> block(List<String> lines, int fence) {
        List<String> rest = lines.subList(fence + 1, lines.size());
        return List.copyOf(rest.subList(0, rest.indexOf("```")));
    }

    String text() {
        return String.join("\n", code);
    }

    @Override
    public String toString() {
        return page + ":" + line;
    }
}
