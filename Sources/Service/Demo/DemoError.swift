/// Why the demo can't go on.
package enum DemoError: Error, CustomStringConvertible {
  case outOfRange(option: String, range: ClosedRange<Int>)
  /// No Envoy where one was named.
  case noEnvoy(at: String)
  /// An answer that no working server gives.
  case unexpectedAnswer(request: String, status: Int, body: String)
  /// What did not happen in time.
  case overdue(String)
  /// Envoy ended by itself.
  case envoyEnded(log: String)

  package var description: String {
    switch self {
    case .outOfRange(let option, let range):
      "\(option) takes \(range.lowerBound) to \(range.upperBound)"
    case .noEnvoy(let path):
      "there is no Envoy at \(path): a program, or a folder with bin/envoy; "
        + "\(EnvoyProgram.installation) installs one"
    case .unexpectedAnswer(let request, let status, let body):
      "\(request) was answered with status \(status): \(body)"
    case .overdue(let what): "\(what) took too long"
    case .envoyEnded(let log): "Envoy ended by itself. The last that it said:\n\(log)"
    }
  }
}
