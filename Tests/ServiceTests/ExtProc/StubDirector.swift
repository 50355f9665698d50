import EPPScorer
import Service

/// Decides as a test says, and remembers what it was asked.
final class StubDirector: RequestDirector, @unchecked Sendable {
  typealias Decide = @Sendable (GatewayRequest, StubExchange) -> Direction?

  private let lock = Lock()
  private let isAsynchronous: Bool
  private var decide: Decide
  private var seen: [GatewayRequest] = []
  private var followed: [StubExchange] = []
  private var waiting: [@Sendable (Direction) -> Void] = []

  /// - Parameter decide: Returns nil to leave a request undecided until `release`.
  init(isAsynchronous: Bool = false, _ decide: @escaping Decide) {
    self.isAsynchronous = isAsynchronous
    self.decide = decide
  }

  /// Sends everything to one address.
  convenience init(
    to address: String, isAsynchronous: Bool = false,
    _ change: @escaping @Sendable (inout Route) -> Void = { _ in }
  ) {
    self.init(isAsynchronous: isAsynchronous) { _, exchange in
      var route = Route(destination: address, exchange: exchange)
      change(&route)
      return .route(route)
    }
  }

  var requests: [GatewayRequest] { lock.withLock { seen } }
  var exchanges: [StubExchange] { lock.withLock { followed } }
  var waitingCount: Int { lock.withLock { waiting.count } }

  func direct(_ request: GatewayRequest, completion: @escaping @Sendable (Direction) -> Void) {
    let exchange = StubExchange()
    let direction = lock.withLock {
      seen.append(request)
      followed.append(exchange)
      let direction = decide(request, exchange)
      if direction == nil { waiting.append(completion) }
      return direction
    }
    guard let direction else { return }
    if isAsynchronous {
      _ = WorkerThread(name: "director") { completion(direction) }
    } else {
      completion(direction)
    }
  }

  /// Decides what was left undecided.
  func release(_ direction: Direction) {
    for completion in lock.withLock({
      defer { waiting = [] }
      return waiting
    }) {
      completion(direction)
    }
  }
}

/// Writes down what it is told of a request.
final class StubExchange: RoutedExchange, @unchecked Sendable {
  enum Event: Equatable {
    case began(Int)
    case body
    case ended(ExchangeEnd)
  }

  private let lock = Lock()
  private var told: [Event] = []

  var events: [Event] { lock.withLock { told } }

  /// Waits until the exchange has ended.
  func end() throws -> ExchangeEnd {
    try Deadline.wait {
      if case .ended(let end) = events.last { end } else { nil }
    }
  }

  func responseBegan(status: Int) { lock.withLock { told.append(.began(status)) } }
  func responseBodyBegan() { lock.withLock { told.append(.body) } }
  func responseBodyContinued() {}
  func ended(_ end: ExchangeEnd) { lock.withLock { told.append(.ended(end)) } }
}
