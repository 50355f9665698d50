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

  /// What one family of metrics is made of.
  struct Family: Decodable {
    var kind: String
    /// Sorted, without a bucket's bound.
    var labels: [String]
    /// Of a histogram's buckets; infinity is the last.
    var bounds: [Double]
  }

  /// The families of `text` that have a sample, by the names of their samples' family.
  static func families(_ text: String) throws -> [String: Family] {
    let program = """
      import json, sys
      from prometheus_client.parser import text_string_to_metric_families
      families = {}
      for family in text_string_to_metric_families(sys.stdin.read()):
        if not family.samples: continue
        names = {name for s in family.samples for name in s.labels}
        bounds = sorted({float(s.labels["le"]) for s in family.samples if "le" in s.labels})
        name = family.name + ("_total" if family.type == "counter" else "")
        families[name] = {"kind": family.type, "labels": sorted(names - {"le"}),
          "bounds": [b if b != float("inf") else 1e999 for b in bounds]}
      print(json.dumps(families).replace("Infinity", "\\"Infinity\\""))
      """
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return try decoder.decode([String: Family].self, from: Data(try run(program, input: text).utf8))
  }

  private static func run(_ program: String, input: String) throws -> String {
    try Subprocess.run("/usr/bin/env", ["python3", "-c", program], input: input)
  }
}
