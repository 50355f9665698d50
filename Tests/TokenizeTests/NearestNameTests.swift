import Testing
import Tokenize

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("prot", "port"), ("Port", "port"), ("adress", "address"), ("adrdess", "address"),
    ("kvevents", "kvEvents"), ("zzzzzz", nil), ("", nil),
  ]) func `a misspelling finds its name, and nothing else does`(
    _ given: String, _ expected: String?
  ) {
    #expect(nearestName(to: given, among: ["name", "address", "port", "kvEvents"]) == expected)
  }
}
