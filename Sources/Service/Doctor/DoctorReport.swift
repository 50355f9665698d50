import Tokenize

/// What came of one step at one endpoint.
package struct DoctorFinding: Sendable, Equatable {
  package var step: DoctorStep
  /// What was seen, or why it was not looked at.
  package var note: String
  package var problems: [DoctorProblem]
  package var isSkipped: Bool

  package init(
    _ step: DoctorStep, note: String = "", problems: [DoctorProblem] = [], isSkipped: Bool = false
  ) {
    self.step = step
    self.note = note
    self.problems = problems
    self.isSkipped = isSkipped
  }

  static func skipped(_ step: DoctorStep, _ reason: String) -> DoctorFinding {
    DoctorFinding(step, note: reason, isSkipped: true)
  }

  package var verdict: DoctorVerdict {
    if problems.contains(where: \.isFault) { return .fault }
    if !problems.isEmpty { return .warning }
    return isSkipped ? .skipped : .ok
  }
}

/// What was found out about one endpoint.
package struct EndpointExamination: Sendable, Equatable {
  package var endpoint: String
  package var address: String
  /// As they ended; those that a stop left undone are missing.
  package var findings: [DoctorFinding]

  package init(endpoint: String, address: String, findings: [DoctorFinding] = []) {
    self.endpoint = endpoint
    self.address = address
    self.findings = findings
  }

  package subscript(step: DoctorStep) -> DoctorFinding? { findings.first { $0.step == step } }

  package var verdict: DoctorVerdict { findings.map(\.verdict).max() ?? .skipped }
}

/// What was found out about all endpoints.
package struct DoctorReport: Sendable, Equatable {
  package var endpoints: [EndpointExamination]
  /// Whether every step of every endpoint came to its end.
  package var isComplete: Bool

  package init(endpoints: [EndpointExamination], isComplete: Bool) {
    self.endpoints = endpoints
    self.isComplete = isComplete
  }

  package var verdict: DoctorVerdict {
    // Of nobody nothing can be said to be right.
    endpoints.map(\.verdict).max() ?? .fault
  }

  /// The report for scripts.
  package var json: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.field("verdict", verdict.name)
      json.field("complete", isComplete)
      json.field("endpoints") { json in
        json.array { json in for endpoint in endpoints { Self.write(endpoint, &json) } }
      }
    }
    return json.bytes
  }

  private static func write(_ endpoint: EndpointExamination, _ json: inout JSONWriter) {
    json.object { json in
      json.field("endpoint", endpoint.endpoint)
      json.field("address", endpoint.address)
      json.field("verdict", endpoint.verdict.name)
      json.field("steps") { json in
        json.array { json in
          for step in DoctorStep.allCases {
            if let finding = endpoint[step] { write(finding, &json) }
          }
        }
      }
    }
  }

  private static func write(_ finding: DoctorFinding, _ json: inout JSONWriter) {
    json.object { json in
      json.field("step", finding.step.rawValue)
      json.field("verdict", finding.verdict.name)
      json.field("note", finding.note)
      json.field("problems") { json in
        json.array { json in
          for problem in finding.problems {
            json.object { json in
              json.field("code", problem.code)
              json.field("severity", problem.isFault ? "fault" : "warning")
              json.field("found", problem.found)
              json.field("matters", problem.matters)
              json.field("mend", problem.mend)
            }
          }
        }
      }
    }
  }
}
