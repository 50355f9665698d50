import KVIndexer
import Service
import Simulation

/// Simulated servers, and examinations of them.
struct DoctorHarness {
  /// Long enough for machines under load; what is right never waits for it.
  static let patience = Duration.seconds(30)
  /// Of what never comes.
  static let impatience = Duration.seconds(5)

  let server: SimulatedServer

  init(
    name: String = "sim", vocabulary: Int = 32_000, ring: Int = 10_000, replays: Bool = true,
    topic: String = "", adapters: [String] = [],
    _ adjust: (inout SimulatedFeatures) -> Void = { _ in }
  ) throws {
    var configuration = SimulatedServerConfiguration(
      engine: EngineConfiguration(blockCount: 513, vocabularySize: vocabulary))
    configuration.model = name
    configuration.replayBatchesMax = ring
    configuration.topic = topic
    configuration.adapters = adapters
    if !replays { configuration.replayEndpoint = nil }
    configuration.stepTime.base = .zero
    configuration.stepTime.perToken = .zero
    adjust(&configuration.features)
    server = try SimulatedServer(configuration, log: { _ in })
  }

  func stop() { server.stop() }

  var port: String { String(server.url.split(separator: ":").last ?? "") }
  var events: String { server.configuration.eventEndpoint }
  var replay: String? { server.configuration.replayEndpoint }

  /// Its entry in an endpoints file, with what is to be wrong about it.
  func entry(
    name: String = "a", port: String? = nil, model: String? = nil, events: String? = nil,
    replay: String? = nil, hasReplay: Bool = true, more: String = ""
  ) -> String {
    let replay = hasReplay ? replay ?? self.replay : nil
    let fields = [
      "endpoint: '\(events ?? self.events)'", replay.map { "replayEndpoint: '\($0)'" },
      more.isEmpty ? nil : more,
    ].compactMap(\.self).joined(separator: ", ")
    return "- {name: \(name), address: 127.0.0.1, port: \(port ?? self.port)"
      + (model.map { ", model: \($0)" } ?? "") + ", kvEvents: {\(fields)}}\n"
  }

  /// Examines endpoints by their entries of a file; without any those that an indexer follows.
  static func examine(
    _ entries: [String], timeout: Duration = patience,
    _ adjust: (inout DoctorSettings) -> Void = { _ in }
  ) throws -> DoctorReport {
    let text = "endpoints:\n" + entries.joined()
    return try examine(
      entries.isEmpty ? nil : EndpointsFile(parsing: Array(text.utf8), file: "test").endpoints,
      timeout: timeout, adjust)
  }

  static func examine(
    _ endpoints: [EndpointConfiguration]?, timeout: Duration = patience,
    _ adjust: (inout DoctorSettings) -> Void = { _ in }
  ) throws -> DoctorReport {
    var settings = DoctorSettings()
    settings.timeout = timeout
    adjust(&settings)
    let doctor = try Doctor(settings)
    defer { doctor.stop() }
    doctor.start(try endpoints ?? doctor.followedEndpoints())
    try Deadline.wait { doctor.report.isComplete }
    return doctor.report
  }

  /// Examines this server alone.
  func examine(
    _ entry: String? = nil, timeout: Duration = patience,
    _ adjust: (inout DoctorSettings) -> Void = { _ in }
  ) throws -> EndpointExamination {
    try Self.examine([entry ?? self.entry()], timeout: timeout, adjust).endpoints[0]
  }
}

extension EndpointExamination {
  /// The problems of all steps as `step:code`.
  var codes: [String] {
    DoctorStep.allCases.flatMap { step in
      self[step]?.problems.map { "\(step.rawValue):\($0.code)" } ?? []
    }
  }

  /// The verdicts of steps by name, in order.
  func verdicts(_ steps: DoctorStep...) -> [DoctorVerdict?] { steps.map { self[$0]?.verdict } }
}
