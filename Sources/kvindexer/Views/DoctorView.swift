import Service

/// A line an endpoint, and a paragraph for each thing that is wrong.
enum DoctorView {
  static func lines(_ report: DoctorReport) -> [StyledText] {
    guard !report.endpoints.isEmpty else {
      return [
        StyledText("There is no endpoint to examine: nobody is configured or registered.", .bad),
        "→ Name engines under `endpoints:` in the endpoints file, with --endpoint, or by registration.",
      ]
    }
    let steps = DoctorStep.allCases.filter { step in
      report.endpoints.contains { $0[step].map { step != .service || !$0.isSkipped } ?? false }
    }
    var table = TextTable(
      ["ENDPOINT", "ADDRESS"]
        + steps.map { TextTable.Column(stringLiteral: $0.rawValue.uppercased()) })
    for endpoint in report.endpoints {
      table.add(
        [StyledText(endpoint.endpoint, .strong), StyledText(endpoint.address, .faint)]
          + steps.map { cell(endpoint[$0]) })
    }
    return table.lines + report.endpoints.flatMap(problems) + omissions(report)
      + ["", summary(report)]
  }

  private static func cell(_ finding: DoctorFinding?) -> StyledText {
    switch finding?.verdict {
    case .ok: StyledText("ok", .good)
    case .warning: StyledText("warning", .doubtful)
    case .fault: StyledText("FAULT", .bad)
    case .skipped: StyledText("-", .faint)
    case nil: StyledText("?", .faint)
    }
  }

  private static func problems(_ endpoint: EndpointExamination) -> [StyledText] {
    DoctorStep.allCases.compactMap { endpoint[$0] }.flatMap { finding in
      finding.problems.flatMap { problem in
        [
          "",
          StyledText(problem.isFault ? "FAULT" : "warning", problem.isFault ? .bad : .doubtful)
            + " " + StyledText(endpoint.endpoint, .strong)
            + StyledText(", \(finding.step.rawValue) (\(problem.code))", .faint),
        ]
          + StyledText.wrapped(problem.found, "  ")
          + StyledText.wrapped(problem.matters, "  ", .faint)
          + StyledText.wrapped(problem.mend, "  → ")
      }
    }
  }

  /// Why steps have a dash, said once for all endpoints of which it is the same.
  private static func omissions(_ report: DoctorReport) -> [StyledText] {
    var texts: [String] = []
    var endpoints: [String: [String]] = [:]
    for endpoint in report.endpoints {
      let skipped = DoctorStep.allCases.compactMap { endpoint[$0] }.filter {
        $0.verdict == .skipped && $0.step != .service
      }
      let reasons = skipped.map(\.note).enumerated().filter { place, note in
        skipped.firstIndex { $0.note == note } == place
      }.map(\.element)
      for reason in reasons {
        let steps = skipped.filter { $0.note == reason }.map(\.step.rawValue)
        let text = "\(steps.joined(separator: ", ")): \(reason)"
        if endpoints[text] == nil { texts.append(text) }
        endpoints[text, default: []].append(endpoint.endpoint)
      }
    }
    let lines = texts.flatMap { text in
      let names = endpoints[text] ?? []
      let whom =
        names.count == report.endpoints.count
        ? ""
        : names.count > 3 ? " (\(names.count) endpoints)" : " (\(names.joined(separator: ", ")))"
      return StyledText.wrapped(text + whom, "- ", .faint)
    }
    return lines.isEmpty ? [] : [""] + lines
  }

  private static func summary(_ report: DoctorReport) -> StyledText {
    let problems = report.endpoints.flatMap(\.findings).flatMap(\.problems)
    let faults = problems.count(where: \.isFault)
    let warnings = problems.count - faults
    func counted(_ count: Int, _ noun: String) -> String {
      "\(Quantity.count(count)) \(noun)\(count == 1 ? "" : "s")"
    }
    let verdict =
      problems.isEmpty
      ? StyledText("nothing is wrong", .good)
      : StyledText(
        "\(counted(faults, "fault")), \(counted(warnings, "warning"))",
        faults > 0 ? .bad : .doubtful)
    let end = report.isComplete ? "" : "; interrupted: ? was not examined"
    return "\(counted(report.endpoints.count, "endpoint")): " + verdict + StyledText(end, .doubtful)
  }
}
