package dev.switchboard.architecture;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** What a pom says about dependencies, as far as the rules ask. */
record Pom(List<Dependency> dependencies) {

    /** A direct dependency of the module itself or of one of its profiles. */
    record Dependency(String artifact, String version, String scope, boolean optional) {

        /** Whether a program that uses the module gets to see it. */
        boolean reachesUsers() {
            return !scope.equals("test");
        }
    }

    static Pom of(Path file) throws Exception {
        return parse(Files.readString(file));
    }

    static Pom parse(String text) throws Exception {
        Element project = DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(text)))
                .getDocumentElement();
        List<Dependency> found = new ArrayList<>();
        NodeList all = project.getElementsByTagName("dependency");
        for (int i = 0; i < all.getLength(); i++) {
            Element dependency = (Element) all.item(i);
            if (isDirect(dependency)) {
                found.add(new Dependency(
                        child(dependency, "artifactId", ""),
                        child(dependency, "version", ""),
                        child(dependency, "scope", "compile"),
                        child(dependency, "optional", "false").equals("true")));
            }
        }
        return new Pom(List.copyOf(found));
    }

    /** Neither managed nor a plugin's own. */
    private static boolean isDirect(Element dependency) {
        for (Node node = dependency; node != null; node = node.getParentNode()) {
            if (node.getNodeName().equals("dependencyManagement")
                    || node.getNodeName().equals("plugin")) {
                return false;
            }
        }
        return true;
    }

    private static String child(Element element, String name, String otherwise) {
        NodeList children = element.getElementsByTagName(name);
        return children.getLength() == 0
                ? otherwise
                : children.item(0).getTextContent().strip();
    }
}
