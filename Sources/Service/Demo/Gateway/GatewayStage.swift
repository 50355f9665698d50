import Simulation

/// The simulated servers, the picker, and a real Envoy that asks it where each request should go.
final class GatewayStage: DemoStage {
  let engines: [DemoEngine]
  let ports: DemoPorts
  let directory: TemporaryDirectory
  private let picker: PickerService
  private let envoy: ChildProcess

  /// Starts everything; the picker has yet to hear from the engines.
  init(_ options: DemoOptions, _ program: EnvoyProgram) throws {
    let ports = try DemoPorts()
    let directory = try TemporaryDirectory(for: "kvindexer-demo")
    let engines = try DemoEngines.start(options)
    let files = DemoFiles(engines: engines, ports: ports)
    do {
      picker = try Self.picker(files, directory)
    } catch {
      Self.end(engines, directory)
      throw error
    }
    do throws(SystemError) {
      let file = try directory.write(files.gateway.utf8, to: "envoy.yaml")
      envoy = try ChildProcess(
        program.path, EnvoyConfiguration.arguments(file: file),
        outputFile: directory.path(of: "envoy.log"))
    } catch {
      picker.stop()
      Self.end(engines, directory)
      throw error
    }
    self.engines = engines
    self.ports = ports
    self.directory = directory
  }

  private static func picker(_ files: DemoFiles, _ directory: TemporaryDirectory) throws
    -> PickerService
  {
    let endpointsFile = try directory.write(files.endpoints.utf8, to: "endpoints.yaml")
    let text = files.picker(endpointsFile: endpointsFile)
    let file = try directory.write(text.utf8, to: "epp.yaml")
    let configuration = try PickerConfiguration(parsing: Array(text.utf8), file: file)
    let flags = try PickerFlags(parsing: files.pickerFlags(configurationFile: file))
    // Trust is in the table; log lines would run through it.
    return try PickerService(flags, configuration.setup, log: Log(minimum: .error))
  }

  private static func end(_ engines: [DemoEngine], _ directory: TemporaryDirectory) {
    for engine in engines { engine.server.stop() }
    directory.remove()
  }

  var indexerURL: String { "http://127.0.0.1:\(ports.indexer)" }
  var gatewayURL: String { "http://127.0.0.1:\(ports.gateway)" }

  /// As many as there are engines: most requests have one to themselves, and some share one.
  var clients: Int { min(engines.count, DemoOptions.clientsMax) }

  /// Ready when the picker follows all engines and can have text rendered, and Envoy takes requests.
  func isReady(_ indexer: inout IndexerClient) throws -> Bool {
    guard envoy.isRunning else { throw DemoError.envoyEnded(log: envoy.lastWords) }
    return try indexer.sources().allSatisfy { $0.trust == "exact" } && indexer.isRendering()
      && envoyIsReady()
  }

  private func envoyIsReady() throws -> Bool {
    var client = try HTTPClient(.url("http://127.0.0.1:\(ports.gatewayAdmin)"))
    do throws(HTTPClientError) {
      return try client.get("/ready").status == 200
    } catch {
      guard error.kind == .connect else { throw error }
      return false
    }
  }

  func client(_ number: Int, _ traffic: DemoTraffic) throws -> any DemoClient {
    try GatewayClient(self, traffic)
  }

  func explained(_ failure: any Error) -> any Error {
    envoy.isRunning ? failure : DemoError.envoyEnded(log: envoy.lastWords)
  }

  func stop() {
    envoy.kill()
    picker.stop()
    Self.end(engines, directory)
  }
}
