package dev.switchboard.core;

import java.util.List;

/**
 * What an entry of a configuration is about. Equal scopes are one layer of what is merged, whatever place says it.
 *
 * @param section the section
 * @param name the connection or template; empty in sections without names
 */
record ConfigurationScope(Section section, String name) {

    static final ConfigurationScope DEFAULTS = new ConfigurationScope(Section.DEFAULTS, "");
    static final ConfigurationScope BUDGET = new ConfigurationScope(Section.BUDGET, "");
    static final ConfigurationScope DEFAULT_CONNECTION = new ConfigurationScope(Section.DEFAULT_CONNECTION, "");

    /** The sections of a configuration, as they are written in a file. */
    enum Section {
        CONNECTIONS("connections"),
        TEMPLATES("templates"),
        DEFAULTS("defaults"),
        BUDGET("budget"),
        DEFAULT_CONNECTION("default-connection");

        private final String text;

        Section(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }

        boolean hasNames() {
            return this == CONNECTIONS || this == TEMPLATES;
        }

        static List<String> texts() {
            return List.of(CONNECTIONS.text, TEMPLATES.text, DEFAULTS.text, BUDGET.text, DEFAULT_CONNECTION.text);
        }
    }

    static ConfigurationScope connection(String name) {
        return new ConfigurationScope(Section.CONNECTIONS, name);
    }

    static ConfigurationScope template(String name) {
        return new ConfigurationScope(Section.TEMPLATES, name);
    }

    /** How messages name it, for example {@code connection 'orders'}. */
    String words() {
        return switch (section) {
            case CONNECTIONS -> "connection " + ErrorText.quoted(name);
            case TEMPLATES -> "template " + ErrorText.quoted(name);
            case DEFAULTS -> "the defaults";
            case BUDGET -> "the budget";
            case DEFAULT_CONNECTION -> "the default connection";
        };
    }

    TemplatePart.Said said(String place) {
        return new TemplatePart.Said(this, words() + " (" + place + ")");
    }
}
