/// What is examined of an endpoint, in the order of the report's columns.
package enum DoctorStep: String, CaseIterable, Sendable {
  /// Its name resolves, its HTTP API answers and serves the model.
  case reach
  /// What it says of its KV events, against what is configured.
  case announced
  /// Its events come, and are those of this engine.
  case events
  case replay
  /// Text becomes the tokens that the engine reads.
  case render
  /// Responses say how much of a prompt was cached.
  case usage
  /// A prompt that is sent twice is predicted.
  case probe
  case salt
  case lora
  /// What a running indexer says of it.
  case service
}

/// How a step ended; the greatest of several is that of all.
package enum DoctorVerdict: Int, Comparable, Sendable, CaseIterable {
  case skipped, ok, warning, fault

  package var name: String { "\(self)" }

  package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Something that is wrong with an endpoint: what was found, what follows from it, what mends it.
package struct DoctorProblem: Sendable, Equatable {
  package var isFault: Bool
  /// A word for scripts; `docs/DOCTOR.md` lists them.
  package var code: String
  package var found: String
  package var matters: String
  package var mend: String

  package init(isFault: Bool, code: String, found: String, matters: String, mend: String) {
    self.isFault = isFault
    self.code = code
    self.found = found
    self.matters = matters
    self.mend = mend
  }

  static func fault(
    _ code: String, _ found: String, matters: String, mend: String
  ) -> DoctorProblem {
    DoctorProblem(isFault: true, code: code, found: found, matters: matters, mend: mend)
  }

  static func warning(
    _ code: String, _ found: String, matters: String, mend: String
  ) -> DoctorProblem {
    DoctorProblem(isFault: false, code: code, found: found, matters: matters, mend: mend)
  }

  /// The same, where it need not be the engine's fault.
  var asWarning: DoctorProblem {
    var problem = self
    problem.isFault = false
    return problem
  }
}
