import Glibc
import Service

/// An `epp` that serves, with the files it was given.
struct PickerProcess {
  let process: ChildProcess
  let port: UInt16

  /// Starts it, and waits until it knows all it can know.
  ///
  /// - Parameters:
  ///   - directory: Takes its files.
  ///   - renderer: See `PickerVariant.text`.
  init(
    _ executable: String, _ configuration: PickerVariant, fleet: StandInFleet,
    renderer: String? = nil, in directory: TemporaryDirectory
  ) throws {
    let name = "\(configuration.rawValue)-\(fleet.engines.count)"
    let endpointsFile = try directory.write(fleet.endpointsFile, to: "\(name)-endpoints.json")
    let text = configuration.text(endpointsFile: endpointsFile, renderer: renderer)
    let file = try directory.write(Array(text.utf8), to: "\(name)-epp.yaml")
    let ports = try LoopbackSocket.freePorts(3)
    port = ports[0]
    process = try ChildProcess(
      executable,
      [
        "--config-file", file, "--grpc-port", "\(ports[0])", "--grpc-health-port", "\(ports[1])",
        "--metrics-port", "\(ports[2])", "--secure-serving=false", "--admin-listen", "", "--v=0",
      ], outputFile: directory.path(of: "\(name).log"))
    try process.waitUntilListening(port)
    guard configuration == .precise else { return }
    var client = try HTTPClient(.url("http://127.0.0.1:\(ports[2])"))
    try process.wait(for: "all \(fleet.engines.count) sources were exact") {
      try Self.exactSources(client.get("/metrics").text) == fleet.engines.count
    }
  }

  /// Sources whose trust is exact, by the picker's own metrics.
  private static func exactSources(_ metrics: String) -> Int {
    metrics.split(separator: "\n").count { line in
      line.hasPrefix("kvindexer_source_trust{") && line.contains("trust=\"exact\"")
        && line.hasSuffix(" 1")
    }
  }
}
