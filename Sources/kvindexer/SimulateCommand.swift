import Glibc
import Service
import Simulation

/// `kvindexer simulate`: policies of routing compared on a trace.
enum SimulateCommand: Command {
  static let help = SimulateOptions.help

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    if arguments.flag("--list") {
      print(list, terminator: "")
      return 0
    }
    let options = try SimulateOptions(&arguments)
    if let path = options.tracePath {
      let trace = options.source.trace(seed: 1, fleet: options.fleet)
      try OutputFile.write(trace.jsonLines, to: path)
      print("\(trace.requests.count) requests in \(path)")
      return 0
    }
    let study = Study(
      options.source, fleet: options.fleet, policies: options.policies,
      stresses: options.stresses, planName: options.planName, plan: options.plan,
      seeds: options.seeds)
    if let fault = study.fault { throw UsageError(message: fault) }
    // What can't be written is better known before the long runs.
    if let path = options.htmlPath { try OutputFile.write([], to: path) }
    if let directory = options.svgDirectory { try OutputFile.makeDirectory(directory) }
    let progress = SimulateProgress(runs: study.runs.count)
    let comparison = study.comparison(
      SimulateRuns.all(of: study, threads: options.threads) { progress.show(done: $0) })
    progress.clear()
    if let path = options.htmlPath {
      try OutputFile.write(Array(ComparisonPage(comparison).html.utf8), to: path)
    }
    if let directory = options.svgDirectory {
      for chart in comparison.charts {
        try OutputFile.write(Array(chart.svg.utf8 + [0x0a]), to: "\(directory)/\(chart.name).svg")
      }
    }
    if options.isJSON {
      print(String(decoding: comparison.json, as: UTF8.self))
    } else {
      print(ComparisonText(comparison).text, terminator: "")
    }
    return 0
  }

  private static var list: String {
    section("policies", RoutingPolicy.allCases.map { ($0.rawValue, $0.summary) })
      + section("stresses", Stress.allCases.map { ($0.rawValue, $0.summary) })
      + section("workloads", Workload.allCases.map { ($0.rawValue, $0.summary) })
  }

  private static func section(_ title: String, _ entries: [(String, String)]) -> String {
    var lines = "\(title):\n"
    for (name, summary) in entries {
      lines += "  \(name)\(String(repeating: " ", count: max(22 - name.count, 1)))\(summary)\n"
    }
    return lines
  }
}
