package dev.switchboard.examples.quickstart;

/** A row of the table {@code customer}. */
record Customer(int id, String name, int age) {

    @Override
    public String toString() {
        return name + " " + age;
    }
}
