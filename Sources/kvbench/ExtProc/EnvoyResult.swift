import Tokenize

/// What a way of routing measured in one case of `extproc envoy`.
struct EnvoyResult {
  var arm: EnvoyArm
  var bodyBytes: Int
  var connections: Int
  var requests: Int
  var requestsPerSecond: Double
  /// Of whole requests, as the client sees them.
  var latency: Percentiles
  /// Microseconds a request.
  var envoyMicroseconds: Double
  /// Nil where there is no ext_proc server.
  var serverMicroseconds: Double?
  /// The share of requests that went to who holds the beginning of their prompt; nil without one.
  var holderShare: Double?

  /// What ext_proc adds to the median of a request.
  func added(to plain: EnvoyResult) -> Double { latency.median - plain.latency.median }

  func text(beside row: [EnvoyArm: EnvoyResult]) -> String {
    var line =
      "    \(arm.rawValue.padded(to: 28))\(requestsPerSecond.grouped.leftPadded(to: 7))/s  "
      + "\(latency.text)  Envoy \(envoyMicroseconds.short) µs"
    if let serverMicroseconds { line += "  server \(serverMicroseconds.short) µs" }
    if let plain = row[.none], arm != .none { line += "  added \(added(to: plain).grouped) µs" }
    if let ratio = ratio(to: .noOp, row) { line += ", \(ratio.short) × no-op's" }
    if let ratio = ratio(to: .noOpWhole, row) { line += ", \(ratio.short) × with whole body" }
    if let holderShare { line += "  holder \((holderShare * 100).short) %" }
    return line
  }

  /// The added latency against that of a server that decides nothing.
  private func ratio(to noOp: EnvoyArm, _ row: [EnvoyArm: EnvoyResult]) -> Double? {
    guard let plain = row[.none], let other = row[noOp], ![.none, .noOp, .noOpWhole].contains(arm)
    else { return nil }
    return added(to: plain) / other.added(to: plain)
  }

  func write(to json: inout JSONWriter, beside row: [EnvoyArm: EnvoyResult]) {
    json.object { json in
      json.field("routing", arm.rawValue)
      json.field("body_bytes", bodyBytes)
      json.field("connections", connections)
      json.field("requests", requests)
      json.field("requests_per_second", requestsPerSecond)
      latency.write(to: &json)
      json.field("envoy_cpu_us", envoyMicroseconds)
      if let serverMicroseconds { json.field("server_cpu_us", serverMicroseconds) }
      if let plain = row[.none], arm != .none { json.field("added_p50_us", added(to: plain)) }
      if let ratio = ratio(to: .noOp, row) { json.field("added_to_no_op_ratio", ratio) }
      if let ratio = ratio(to: .noOpWhole, row) {
        json.field("added_to_no_op_whole_body_ratio", ratio)
      }
      if let holderShare { json.field("holder_share", holderShare) }
    }
  }
}
