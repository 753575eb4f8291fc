package dev.switchboard.routing;

/** How names and SQL, which may come from a request, are written in messages: short, on one line, nothing hidden. */
final class Shown {

    private static final int LONGEST = 120;

    private Shown() {}

    static String quoted(String name) {
        return "'" + shortened(name) + "'";
    }

    static String name(String name) {
        return shortened(name);
    }

    static String sql(String sql) {
        return "[" + shortened(sql.strip().replaceAll("\\s+", " ")) + "]";
    }

    private static String shortened(String text) {
        boolean cut = text.length() > LONGEST;
        String head = cut ? text.substring(0, LONGEST - 3) : text;
        StringBuilder shown = new StringBuilder(LONGEST);
        head.codePoints().forEach(point -> append(shown, point));
        return cut ? shown.append("...").toString() : shown.toString();
    }

    private static void append(StringBuilder shown, int point) {
        if (isHidden(point)) {
            shown.append(String.format("\\u{%X}", point));
        } else {
            shown.appendCodePoint(point);
        }
    }

    /** Control and format characters (line breaks, terminal escapes, text direction) and halves of characters. */
    static boolean isHidden(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.UNASSIGNED -> true;
            default -> false;
        };
    }
}
