package dev.switchboard.databases;

import java.util.ArrayList;
import java.util.List;

/** The settings that a test asks for, as arguments of a MySQL or MariaDB server. */
final class MysqlSettings {
    private MysqlSettings() {}

    static String[] asArguments(List<String> settings) {
        List<String> arguments = new ArrayList<>();
        // The binary log only costs time, unless the test is about it.
        if (settings.stream().noneMatch(setting -> setting.replace('_', '-').startsWith("log-bin"))) {
            arguments.add("--skip-log-bin");
        }
        settings.forEach(setting -> arguments.add("--" + setting));
        return arguments.toArray(String[]::new);
    }
}
