package dev.switchboard.databases;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A shared library for Linux on x86-64 that has symbols and does nothing: an ELF file with a symbol table, the version
 * of each symbol, and two functions of one instruction each.
 *
 * <p>The file is laid out as: header, program headers, symbols, strings, hash table, symbol versions, version
 * definitions, code; then, on a page that may be written, the dynamic section and the data.
 */
final class StubLibrary {
    private static final int HEADER_SIZE = 64;
    private static final int PROGRAM_HEADER_SIZE = 56;
    private static final int PROGRAM_HEADERS = 4;
    private static final int SYMBOL_SIZE = 24;
    private static final int VERSION_DEFINITION_SIZE = 28;
    private static final int DYNAMIC_ENTRIES = 10;
    private static final int DYNAMIC_SIZE = DYNAMIC_ENTRIES * 16;
    private static final int PAGE = 0x10000;
    private static final int DATA_SIZE = 64;
    private static final int READ_EXECUTE = 5;
    private static final int READ_WRITE = 6;

    /** {@code mov rax, -1; ret}, and at {@link #ZERO_OFFSET} {@code xor eax, eax; ret}. */
    private static final byte[] CODE = {
        0x48,
        (byte) 0xc7,
        (byte) 0xc0,
        -1,
        -1,
        -1,
        -1,
        (byte) 0xc3,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0x31,
        (byte) 0xc0,
        (byte) 0xc3
    };

    private static final int FAIL_OFFSET = 0;
    private static final int ZERO_OFFSET = 16;

    private record Symbol(String name, String version, boolean isFunction, int codeOffset) {}

    private final String name;
    private final List<Symbol> symbols = new ArrayList<>();
    private final List<String> versions = new ArrayList<>();
    private final Map<String, Integer> stringOffsets = new LinkedHashMap<>();
    private final ByteArrayOutputStream strings = new ByteArrayOutputStream();

    StubLibrary(String name) {
        this.name = name;
        strings.write(0);
        addString(name);
    }

    /** A function that returns -1. */
    StubLibrary failing(String function, String version) {
        return add(new Symbol(function, version, true, FAIL_OFFSET));
    }

    /** A function that returns 0. */
    StubLibrary returningZero(String function, String version) {
        return add(new Symbol(function, version, true, ZERO_OFFSET));
    }

    /** A variable of eight zero bytes. */
    StubLibrary data(String variable, String version) {
        return add(new Symbol(variable, version, false, 0));
    }

    void writeInto(Path folder) throws IOException {
        Files.write(folder.resolve(name), new Layout().bytes());
    }

    private StubLibrary add(Symbol symbol) {
        symbols.add(symbol);
        addString(symbol.name());
        addString(symbol.version());
        if (!versions.contains(symbol.version())) {
            versions.add(symbol.version());
        }
        return this;
    }

    private void addString(String text) {
        if (!stringOffsets.containsKey(text)) {
            stringOffsets.put(text, strings.size());
            strings.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
            strings.write(0);
        }
    }

    private int stringOffset(String text) {
        Integer offset = stringOffsets.get(text);
        if (offset == null) {
            throw new IllegalStateException("No string " + text);
        }
        return offset;
    }

    /** Where everything is in the file, once all symbols are known. */
    private final class Layout {
        private final int symbolCount = symbols.size() + 1;
        private final int symbolsAt = HEADER_SIZE + PROGRAM_HEADERS * PROGRAM_HEADER_SIZE;
        private final int stringsAt = symbolsAt + symbolCount * SYMBOL_SIZE;
        private final int hashAt = aligned(stringsAt + strings.size(), 8);
        private final int symbolVersionsAt = hashAt + (3 + symbolCount) * 4;
        private final int definitionsAt = aligned(symbolVersionsAt + symbolCount * 2, 8);
        private final int codeAt = aligned(definitionsAt + (versions.size() + 1) * VERSION_DEFINITION_SIZE, 16);
        private final int codeEnd = codeAt + CODE.length;
        private final int dynamicAt = aligned(codeEnd, PAGE);
        private final int dataAt = dynamicAt + DYNAMIC_SIZE;
        private final int end = dataAt + DATA_SIZE;
        private final ByteBuffer file = ByteBuffer.allocate(end).order(ByteOrder.LITTLE_ENDIAN);

        byte[] bytes() {
            header();
            symbolTable();
            file.position(stringsAt).put(strings.toByteArray());
            hashTable();
            symbolVersions();
            versionDefinitions();
            file.position(codeAt).put(CODE);
            dynamicSection();
            return file.array();
        }

        private void header() {
            byte[] magic = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
            int sharedObject = 3;
            int x86With64Bits = 62;
            file.position(0).put(magic);
            file.putShort((short) sharedObject).putShort((short) x86With64Bits).putInt(1);
            file.putLong(0).putLong(HEADER_SIZE).putLong(0).putInt(0);
            file.putShort((short) HEADER_SIZE).putShort((short) PROGRAM_HEADER_SIZE);
            file.putShort((short) PROGRAM_HEADERS).putShort((short) 64).putInt(0);
            int load = 1;
            int dynamic = 2;
            int stack = 0x6474e551;
            programHeader(load, READ_EXECUTE, 0, codeEnd, PAGE);
            programHeader(load, READ_WRITE, dynamicAt, end - dynamicAt, PAGE);
            programHeader(dynamic, READ_WRITE, dynamicAt, DYNAMIC_SIZE, 8);
            programHeader(stack, READ_WRITE, 0, 0, 16);
        }

        private void programHeader(int type, int flags, int offset, int length, int alignment) {
            file.putInt(type).putInt(flags).putLong(offset).putLong(offset).putLong(offset);
            file.putLong(length).putLong(length).putLong(alignment);
        }

        private void symbolTable() {
            int global = 0x10;
            file.position(symbolsAt + SYMBOL_SIZE);
            for (Symbol symbol : symbols) {
                int type = global | (symbol.isFunction() ? 2 : 1);
                file.putInt(stringOffset(symbol.name())).put((byte) type).put((byte) 0);
                file.putShort((short) (symbol.isFunction() ? 1 : 2));
                file.putLong(symbol.isFunction() ? codeAt + symbol.codeOffset() : dataAt);
                file.putLong(8);
            }
        }

        /** One bucket that chains all symbols: small, and nobody is in a hurry. */
        private void hashTable() {
            file.position(hashAt).putInt(1).putInt(symbolCount).putInt(1).putInt(0);
            for (int symbol = 1; symbol < symbolCount; symbol++) {
                file.putInt(symbol == symbolCount - 1 ? 0 : symbol + 1);
            }
        }

        /** Version 1 is the library itself; those of the symbols follow. */
        private void symbolVersions() {
            file.position(symbolVersionsAt).putShort((short) 0);
            for (Symbol symbol : symbols) {
                file.putShort((short) (versions.indexOf(symbol.version()) + 2));
            }
        }

        private void versionDefinitions() {
            List<String> all = new ArrayList<>(List.of(name));
            all.addAll(versions);
            file.position(definitionsAt);
            for (int index = 0; index < all.size(); index++) {
                boolean last = index == all.size() - 1;
                file.putShort((short) 1).putShort((short) (index == 0 ? 1 : 0));
                file.putShort((short) (index + 1)).putShort((short) 1);
                file.putInt(hash(all.get(index))).putInt(20).putInt(last ? 0 : VERSION_DEFINITION_SIZE);
                file.putInt(stringOffset(all.get(index))).putInt(0);
            }
        }

        private void dynamicSection() {
            file.position(dynamicAt);
            dynamicEntry(14, stringOffset(name));
            dynamicEntry(4, hashAt);
            dynamicEntry(5, stringsAt);
            dynamicEntry(6, symbolsAt);
            dynamicEntry(10, strings.size());
            dynamicEntry(11, SYMBOL_SIZE);
            dynamicEntry(0x6ffffff0L, symbolVersionsAt);
            dynamicEntry(0x6ffffffcL, definitionsAt);
            dynamicEntry(0x6ffffffdL, versions.size() + 1);
            dynamicEntry(0, 0);
        }

        private void dynamicEntry(long tag, int value) {
            file.putLong(tag).putLong(value);
        }
    }

    private static int aligned(int offset, int alignment) {
        return (offset + alignment - 1) / alignment * alignment;
    }

    /** The hash function of the ELF specification. */
    private static int hash(String text) {
        long hash = 0;
        for (int index = 0; index < text.length(); index++) {
            hash = (hash << 4) + text.charAt(index);
            long high = hash & 0xf0000000L;
            hash = (hash ^ (high >> 24)) & ~high;
        }
        return (int) hash;
    }
}
