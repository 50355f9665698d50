import KVIndexer
import Synchronization
import Testing

@testable import Service

/// Two simulated servers behind one HTTP API: an endpoint with two data-parallel ranks.
final class RankedEndpoint {
  /// Who serves a request.
  enum Routing: Sendable {
    /// The rank that its header names, as vLLM has it.
    case byHeader
    /// Each rank in turn, as behind a proxy that drops the header.
    case inTurn
    case firstOnly
  }

  let ranks: [DoctorHarness]
  private let http: HTTPServer

  init(
    _ routing: Routing = .byHeader, _ adjust: (Int, inout SimulatedFeatures) -> Void = { _, _ in }
  ) throws {
    ranks = try (0..<2).map { rank in
      try DoctorHarness { features in
        features.tellsEventSources = false
        adjust(rank, &features)
      }
    }
    let urls = ranks.map(\.server.url)
    let turn = Turn()
    http = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { request, reply in
        let rank =
          switch routing {
          case .byHeader: request.header("X-data-parallel-rank").flatMap { Int($0) } ?? 0
          case .inTurn: request.path == "/v1/completions" ? turn.next() % urls.count : 0
          case .firstOnly: 0
          }
        reply.send(Self.answer(of: urls[rank], to: request))
      })
  }

  /// Counts the requests that are served in turn.
  private final class Turn: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).oldValue }
  }

  private static func answer(of url: String, to request: borrowing HTTPRequest) -> HTTPResponse {
    do {
      var client = try HTTPClient(.url(url))
      let isGet = request.method == .get
      let reply = try client.send(
        request.method.rawValue, request.path, body: isGet ? nil : request.body,
        contentType: isGet ? nil : "application/json")
      return HTTPResponse(
        status: reply.status, contentType: reply.header("content-type") ?? "", body: reply.body)
    } catch {
      return HTTPResponse(.internalError("\(error)"))
    }
  }

  func stop() {
    http.stop(waitingAtMost: .seconds(5))
    for rank in ranks { rank.stop() }
  }

  /// What the endpoints file would say of it, rank by rank.
  func configuration(
    order: [Int] = [0, 1], events: [Int: String] = [:]
  ) throws -> EndpointConfiguration {
    guard case .tcp(_, let port) = http.addresses[0] else { throw Deadline.Passed() }
    return EndpointConfiguration(
      identity: EndpointConfiguration.Identity(namespace: "default", name: "dp"),
      address: try #require(HostName("127.0.0.1")), port: port, labels: [:], topic: "",
      sources: try order.enumerated().map { rank, server in
        EventSourceConfiguration(
          rank: rank,
          eventAddress: try #require(EventAddress(events[rank] ?? ranks[server].events)),
          replayAddress: ranks[server].replay.flatMap { EventAddress($0) }, isBound: false)
      })
  }
}
