import EPPScorer
import Synchronization

/// An endpoint as the picker knows it: where it is, and what was sent there.
final class PickerEndpoint: Sendable {
  let endpoint: Endpoint
  let member: FleetMembership.Member
  /// What its engine says of itself; nil where nobody asks it.
  let reading: EngineReading?
  private let sent: Sent

  /// What was sent there and has not ended.
  private final class Sent: Sendable {
    let requests = Atomic<Int>(0)
    let tokens = Atomic<Int>(0)
  }

  /// - Parameter old: The same endpoint as it was described before; what was sent there stays
  ///   counted.
  init(
    _ endpoint: Endpoint, _ member: FleetMembership.Member, _ reading: EngineReading?,
    was old: PickerEndpoint? = nil
  ) {
    self.endpoint = endpoint
    self.member = member
    self.reading = reading
    sent = old?.sent ?? Sent()
  }

  var id: EndpointID { endpoint.id }

  /// Whether its engine answers, as far as one knows.
  var isUp: Bool {
    guard let snapshot = reading?.snapshot else { return true }
    if case .down = snapshot.health { return false }
    return !snapshot.isSuspected
  }

  /// What its engine said last.
  func load(at now: UInt64) -> EndpointLoad { reading?.load(at: now) ?? EndpointLoad() }

  /// What its engine says of its cache.
  var cache: EngineCache? {
    guard let report = reading?.snapshot.report, let blocks = report.blockCount,
      let blockTokens = report.blockSize, blocks > 0, blockTokens > 0
    else { return nil }
    return EngineCache(blocks: blocks, blockTokens: blockTokens)
  }

  /// What was sent there and has not ended.
  var inFlight: InFlightLoad {
    InFlightLoad(
      requests: max(sent.requests.load(ordering: .relaxed), 0),
      tokens: max(sent.tokens.load(ordering: .relaxed), 0))
  }

  func began(tokens count: Int) {
    sent.requests.wrappingAdd(1, ordering: .relaxed)
    sent.tokens.wrappingAdd(count, ordering: .relaxed)
  }

  func computed(tokens count: Int) { sent.tokens.wrappingSubtract(count, ordering: .relaxed) }

  func ended() { sent.requests.wrappingSubtract(1, ordering: .relaxed) }
}

/// The part of an endpoint's load that one request makes; released once, in one or two steps.
final class InFlightClaim: Sendable {
  let endpoint: PickerEndpoint
  private let tokens: Atomic<Int>
  private let isOpen = Atomic<Bool>(true)

  init(_ endpoint: PickerEndpoint, tokens: Int) {
    self.endpoint = endpoint
    self.tokens = Atomic(tokens)
    endpoint.began(tokens: tokens)
  }

  /// Its prompt was computed: no token of it is waited for any more.
  func releaseTokens() {
    let count = tokens.exchange(0, ordering: .relaxed)
    if count != 0 { endpoint.computed(tokens: count) }
  }

  /// The request is over.
  func release() {
    releaseTokens()
    if isOpen.exchange(false, ordering: .relaxed) { endpoint.ended() }
  }
}

/// What an engine says of its KV cache.
struct EngineCache: Equatable, Sendable {
  var blocks: Int
  var blockTokens: Int
}
