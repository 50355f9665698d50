/// Bounds how many requests are under way, over all clients and of each, whatever their protocol.
///
/// A request enters before its work begins and leaves when it has its answer.
package final class RequestAdmission: @unchecked Sendable {
  /// The bounds; each has its one default here.
  package struct Limits: Sendable {
    package var requestsMax = 1024
    /// All clients on Unix sockets count as one.
    package var requestsPerClientMax = 512

    package init() {}
  }

  /// Why a request may not enter.
  package enum Refusal: String, MetricLabel, Error {
    /// There are too many requests under way.
    case overloaded
    /// Its client has too many requests under way.
    case tooManyRequests = "too_many_requests"
    package static let labelName = "cause"
  }

  package let limits: Limits
  package let refusals = Labelled<Refusal, Counter> { Counter() }
  private let lock = Lock()
  private var count = 0
  private var countByClient: [String: Int] = [:]

  package init(_ limits: Limits = Limits()) {
    self.limits = limits
  }

  /// Requests that have entered and not left.
  package var requestsInFlight: Int { lock.withLock { count } }

  /// Clients that have requests under way.
  package var clients: Int { lock.withLock { countByClient.count } }

  /// Lets a request in, or says why not; only one that was let in may leave.
  ///
  /// - Parameter client: Who asks, for example `HTTPRequest.client`.
  package func enter(client: String) -> Refusal? {
    let refusal: Refusal? = lock.withLock {
      guard count < limits.requestsMax else { return .overloaded }
      let own = countByClient[client] ?? 0
      guard own < limits.requestsPerClientMax else { return .tooManyRequests }
      countByClient[client] = own + 1
      count += 1
      return nil
    }
    if let refusal { refusals[refusal].add() }
    return refusal
  }

  /// Ends a request of `client` that was let in.
  package func leave(client: String) {
    lock.withLock {
      guard let index = countByClient.index(forKey: client) else {
        preconditionFailure("a client without requests leaves")
      }
      count -= 1
      if countByClient.values[index] == 1 {
        countByClient.remove(at: index)
      } else {
        countByClient.values[index] -= 1
      }
    }
  }
}
