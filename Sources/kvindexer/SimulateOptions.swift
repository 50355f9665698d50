import EPPScorer
import Glibc
import Service
import Simulation
import Tokenize

/// What `kvindexer simulate` was asked for.
struct SimulateOptions {
  static let help = """
    usage: kvindexer simulate --trace FILE | --workload NAME [OPTIONS]

    Routes the requests of a trace, or made-up ones, over simulated engines by several policies, and
    compares how much of the prompts was reused, how well that was predicted, and how long the first
    token took. The scheduler, the index and the approximation are those of `epp`. Equal arguments
    give equal results.

      --trace FILE          a trace in Mooncake's format, as `kvindexer record` writes it too
      --block-tokens N      tokens that an id of the trace stands for (512)
      --workload NAME       shared-prompts, agentic, rollouts or zero-reuse
      --engines N           engines (8)
      --capacity-blocks N   blocks that each holds (3000)
      --prefill-rate N      tokens of prompts that an engine computes in a second (12000)
      --policies LIST       of round-robin, load, approximate, precise-only, precise, oracle,
                            infinite (all but precise-only)
      --stress LIST         what goes wrong, or `all`; --list tells the names
      --plan NAME           cost: fewest tokens to compute (default); weights: prefix 3, queue 2,
                            KV cache utilisation 2
      --config FILE         an EndpointPickerConfig whose profile is the plan instead
      --seeds N             how often everything is repeated with other luck (10)
      --threads N           runs at a time (as many as there are processors)
      --json                the results as JSON
      --html FILE           a report with charts, in one file
      --svg DIRECTORY       the charts alone
      --write-trace FILE    writes the requests of the first seed as a trace, and runs nothing
      --list                policies, stresses and workloads in words
    """

  static let traceBytesMax = 4 << 30

  var source: Study.Source
  var fleet: Scenario
  var policies: [RoutingPolicy]
  var stresses: [Stress]
  var planName: String
  var plan: SchedulingPlan
  var seeds: Int
  var threads: Int
  var isJSON: Bool
  var htmlPath: String?
  var svgDirectory: String?
  var tracePath: String?

  init(_ arguments: inout Arguments) throws {
    let trace = try arguments.option("--trace")
    let workload = try arguments.option("--workload")
    let blockTokens = try arguments.integer("--block-tokens", in: 1...1 << 20)
    fleet = Scenario(
      engines: try arguments.integer("--engines", in: 1...1024) ?? 8,
      capacityBlocks: try arguments.integer("--capacity-blocks", in: 1...4_000_000) ?? 3000)
    if let rate = try arguments.integer("--prefill-rate", in: 1...100_000_000) {
      fleet.times.prefillTokensPerSecond = rate
    }
    policies =
      try Self.list("--policies", &arguments)
      ?? RoutingPolicy.allCases.filter { $0 != .preciseOnly }
    stresses = try Self.stresses(&arguments)
    (planName, plan) = try Self.plan(&arguments)
    seeds = try arguments.integer("--seeds", in: 1...1000) ?? 10
    threads =
      try arguments.integer("--threads", in: 1...256) ?? sysconf(Int32(_SC_NPROCESSORS_ONLN))
    isJSON = arguments.flag("--json")
    htmlPath = try arguments.option("--html")
    svgDirectory = try arguments.option("--svg")
    tracePath = try arguments.option("--write-trace")
    try arguments.finish()
    source = try Self.source(trace, workload, blockTokens: blockTokens)
  }

  private static func source(
    _ trace: String?, _ workload: String?, blockTokens: Int?
  ) throws -> Study.Source {
    switch (trace, workload) {
    case (let path?, nil):
      let bytes = try FileBytes.read(path, atMost: traceBytesMax)
      return .trace(
        try bytes.withUnsafeBytes { bytes throws(InputFileError) in
          try TraceReader.read(bytes, file: path, blockTokens: blockTokens ?? 512)
        })
    case (nil, let name?):
      if blockTokens != nil {
        throw UsageError(message: "--block-tokens is for traces; a workload's blocks have 512")
      }
      return .workload(try named(name, "--workload"))
    default:
      throw UsageError(message: "give one of --trace FILE and --workload NAME")
    }
  }

  private static func plan(
    _ arguments: inout Arguments
  ) throws -> (name: String, plan: SchedulingPlan) {
    let name = try arguments.option("--plan")
    guard let file = try arguments.option("--config") else {
      let plan: RoutingPlan = try name.map { try named($0, "--plan") } ?? .cost
      return ("\(plan.rawValue) (\(plan.summary))", plan.plan)
    }
    guard name == nil else { throw UsageError(message: "--plan and --config exclude each other") }
    let configuration = try PickerConfiguration(
      parsing: FileBytes.read(file, atMost: 1 << 20), file: file)
    guard !configuration.setup.plan.producers.isEmpty else {
      throw UsageError(message: "\(file): no plugin of the configuration produces prefix matches")
    }
    return (file, configuration.setup.plan)
  }

  private static func stresses(_ arguments: inout Arguments) throws(UsageError) -> [Stress] {
    let names = try arguments.options("--stress")
    if names.contains("all") { return Stress.allCases }
    var stresses: [Stress] = []
    for text in names { stresses += try Self.names(text, "--stress") }
    return stresses
  }

  private static func list<Name: RawRepresentable<String> & CaseIterable>(
    _ option: String, _ arguments: inout Arguments
  ) throws(UsageError) -> [Name]? {
    guard let text = try arguments.option(option) else { return nil }
    return try names(text, option)
  }

  /// The names of a list, each once.
  private static func names<Name: RawRepresentable<String> & CaseIterable>(
    _ text: String, _ option: String
  ) throws(UsageError) -> [Name] {
    var names: [Name] = []
    for name in text.split(separator: ",") {
      let name: Name = try named(String(name), option)
      if !names.contains(where: { $0.rawValue == name.rawValue }) { names.append(name) }
    }
    guard !names.isEmpty else { throw UsageError(message: "\(option) needs a value") }
    return names
  }

  private static func named<Name: RawRepresentable<String> & CaseIterable>(
    _ text: String, _ option: String
  ) throws(UsageError) -> Name {
    if let name = Name(rawValue: text) { return name }
    let known = Name.allCases.map(\.rawValue)
    let nearest = nearestName(to: text, among: known).map { "did you mean \($0)?" }
    throw UsageError(
      message: "\(option) knows no '\(text)'; "
        + (nearest ?? "there are \(known.joined(separator: ", "))"))
  }
}
