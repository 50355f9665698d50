import Foundation

/// Python's `prometheus_client`, if the machine has it.
enum PrometheusParser {
  static let isAvailable = (try? run("import prometheus_client", input: "")) != nil

  /// The samples of `text`, each as `name {labels as JSON} value`.
  static func parse(_ text: String) throws -> Set<String> {
    let program = """
      import json, sys
      from prometheus_client.parser import text_string_to_metric_families
      for family in text_string_to_metric_families(sys.stdin.read()):
        for s in family.samples:
          print(s.name, json.dumps(s.labels, sort_keys=True), float(s.value))
      """
    let output = try run(program, input: text)
    return Set(output.split(separator: "\n").map(String.init))
  }

  private static func run(_ program: String, input: String) throws -> String {
    try Subprocess.run("/usr/bin/env", ["python3", "-c", program], input: input)
  }
}
