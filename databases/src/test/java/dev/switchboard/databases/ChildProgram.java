package dev.switchboard.databases;

import java.io.IOException;
import java.util.Arrays;

/** Starts the servers that it is told to, tells their process ids, and stays until its input ends. */
final class ChildProgram {
    static final String READY = "ready";

    private ChildProgram() {}

    public static void main(String[] products) throws IOException {
        Databases.available();
        Arrays.stream(products)
                .map(Product::valueOf)
                .map(Databases::server)
                .forEach(server -> System.out.println("process " + server.processId()));
        System.out.println(READY);
        int end = System.in.read();
        System.out.println("input ended with " + end);
    }
}
