import EPPScorer
import Foundation

@testable import Service

/// A configuration of `fixtures/picker-configs`.
struct PickerFixture: CustomStringConvertible {
  static let directory = URL(filePath: #filePath)
    .appending(path: "../../../../fixtures/picker-configs").standardized

  static let names = [
    "defaults.json", "approximate.yaml", "precise.yaml", "precise-bound.yaml",
    "precise-guide.yaml", "precise-scorer.yaml", "precise-scorer-uds.yaml", "disaggregated.yaml",
    "disaggregated-old.yaml", "data-parallel.yaml", "lora.yaml", "session.yaml",
  ]

  let name: String
  let bytes: [UInt8]

  init(_ name: String) throws {
    self.name = name
    bytes = Array(try Data(contentsOf: Self.directory.appending(path: name)))
  }

  func configuration(experimental: Bool = false) throws(YAMLError) -> PickerConfiguration {
    try PickerConfiguration(
      parsing: bytes, file: name, allowsExperimentalPlugins: experimental)
  }

  var description: String { name }
}

/// A configuration with these lines below its version and kind.
func pickerConfiguration(
  _ body: String, experimental: Bool = false
) throws(YAMLError) -> PickerConfiguration {
  let text = "apiVersion: llm-d.ai/v1alpha1\nkind: EndpointPickerConfig\n" + body + "\n"
  return try PickerConfiguration(
    parsing: Array(text.utf8), file: "c.yaml", allowsExperimentalPlugins: experimental)
}

/// The faults of such a configuration, a line each; the first of its own lines is 3.
func pickerFaults(_ body: String, experimental: Bool = false) -> [String] {
  do throws(YAMLError) {
    _ = try pickerConfiguration(body, experimental: experimental)
    return []
  } catch {
    return error.faults.map(\.description)
  }
}
