import Service

/// A line an endpoint, and a paragraph for each thing that is wrong.
enum DoctorView {
  private static let columns = 96

  static func lines(_ report: DoctorReport) -> [StyledText] {
    guard !report.endpoints.isEmpty else {
      return [StyledText("There is no endpoint to examine.", .doubtful)]
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
    return table.lines + report.endpoints.flatMap(problems) + [""] + [summary(report)]
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
          + wrapped(problem.found, "  ") + wrapped(problem.matters, "  ", .faint)
          + wrapped(problem.mend, "  → ")
      }
    }
  }

  /// Words in lines below each other; the first line begins with `lead`, the others below it.
  static func wrapped(_ text: String, _ lead: String, _ style: TextStyle = .plain) -> [StyledText] {
    var lines: [String] = []
    var line = lead
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > columns {
        lines.append(line)
        line = String(repeating: " ", count: lead.count)
        isEmpty = true
      }
      line += isEmpty ? String(word) : " " + word
      isEmpty = false
    }
    return (lines + [line]).map { StyledText($0, style) }
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
