import Foundation

/// Python's `prometheus_client`, if the machine has it.
enum PrometheusParser {
  static let isAvailable = (try? run("import prometheus_client", input: "")) != nil

  struct Failure: Error { var status: Int32 }

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
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program]
    let (standardInput, standardOutput) = (Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = FileHandle.nullDevice
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try standardInput.fileHandleForWriting.close()
    let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(status: process.terminationStatus)
    }
    return String(decoding: output, as: UTF8.self)
  }
}
