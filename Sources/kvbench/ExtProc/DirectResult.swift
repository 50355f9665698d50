import Tokenize

/// What a case of `extproc direct` measured.
struct DirectResult {
  var cell: DirectCell
  var requests: Int
  var requestsPerSecond: Double
  /// Of the request phase: from the headers to the last piece of the body back.
  var latency: Percentiles
  /// Microseconds a request of whole exchanges.
  var serverMicroseconds: Double
  var clientMicroseconds: Double
  var residentBytes: Int
  /// The share of requests that went to who holds the beginning of their prompt; nil without one.
  var holderShare: Double?
  /// Of the destinations of all prompts in order; nil where they are up to chance.
  var checksum: Checksum?

  var residentMegabytes: Double { Double(residentBytes) / 1_048_576 }

  /// Lines for people.
  var text: String {
    var line =
      "  \(cell.name.padded(to: 62))\(requestsPerSecond.grouped.leftPadded(to: 7))/s  "
      + "\(latency.text)  server \(serverMicroseconds.short) µs  "
      + "client \(clientMicroseconds.short) µs  \(residentMegabytes.short) MB"
    if let holderShare { line += "  holder \((holderShare * 100).short) %" }
    if let checksum { line += "  #\(checksum.text)" }
    if let goal = cell.goal { line += "\n" + text(of: goal) }
    if let go = cell.goRouter { line += "\n" + text(of: go) }
    return line
  }

  private func text(of goal: DirectCell.Goal) -> String {
    let verdicts = [
      ("\(goal.requestsPerSecond.grouped)/s", requestsPerSecond >= goal.requestsPerSecond),
      ("p50 \(goal.median.grouped) µs", latency.median <= goal.median),
      ("server \(goal.serverMicroseconds.short) µs", serverMicroseconds <= goal.serverMicroseconds),
    ].map { "\($0.0) \($0.1 ? "met" : "missed")" }
    return "    goal: " + verdicts.joined(separator: ", ")
  }

  private func text(of go: GoRouterFigures) -> String {
    "    Go router: \(go.requestsPerSecond.grouped)/s, p50 \(go.median.grouped), "
      + "p99 \(go.p99.grouped) µs, server \(go.processorMicroseconds.grouped) µs, "
      + "\(go.residentMegabytes.short) MB; here "
      + "\((requestsPerSecond / go.requestsPerSecond).short) × the requests, "
      + "1/\((go.processorMicroseconds / serverMicroseconds).short) of the processor time"
  }

  func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("configuration", cell.configuration?.rawValue ?? "no-op")
      json.field("endpoints", cell.endpoints)
      json.field("prompt_tokens", cell.tokens)
      json.field("prompt_form", cell.isText ? "text" : "token_ids")
      json.field("streams", cell.streams)
      json.field("requests", requests)
      json.field("requests_per_second", requestsPerSecond)
      latency.write(to: &json)
      json.field("server_cpu_us", serverMicroseconds)
      json.field("client_cpu_us", clientMicroseconds)
      json.field("server_resident_bytes", residentBytes)
      if let holderShare { json.field("holder_share", holderShare) }
      json.field("checksum", checksum?.text)
      guard let go = cell.goRouter else { return }
      json.field("go_router") { json in
        json.object { json in
          json.field("requests_per_second", go.requestsPerSecond)
          json.field("p50_us", go.median)
          json.field("p99_us", go.p99)
          json.field("server_cpu_us", go.processorMicroseconds)
          json.field("server_resident_mb", go.residentMegabytes)
        }
      }
    }
  }
}

extension Percentiles {
  /// Writes the fields of an object.
  func write(to json: inout JSONWriter) {
    json.field("p50_us", median)
    json.field("p95_us", p95)
    json.field("p99_us", p99)
  }
}
