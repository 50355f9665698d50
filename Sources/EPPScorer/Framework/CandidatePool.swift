/// An endpoint that a request may go to, with what is known of it at that moment.
public struct Candidate: Sendable {
  public var endpoint: Endpoint
  public var load: EndpointLoad
  public var inFlight: InFlightLoad

  /// A candidate.
  public init(
    endpoint: Endpoint, load: EndpointLoad = EndpointLoad(),
    inFlight: InFlightLoad = InFlightLoad()
  ) {
    self.endpoint = endpoint
    self.load = load
    self.inFlight = inFlight
  }
}

/// The candidates of one request, and what prefix producers say of each.
public struct CandidatePool: Sendable {
  public let candidates: [Candidate]
  /// Names of the producers of prefix hits, in the order of `hits`.
  public let producers: [String]
  /// Shape `[producers][candidates]`.
  private var hits: [PrefixHit]

  /// A pool of which no prefix is known.
  public init(_ candidates: [Candidate], producers: [String] = []) {
    self.candidates = candidates
    self.producers = producers
    hits = Array(repeating: .unknown, count: producers.count * candidates.count)
  }

  /// What a producer says of a candidate.
  public subscript(producer producer: Int, candidate: Int) -> PrefixHit {
    get { hits[producer * candidates.count + candidate] }
    set { hits[producer * candidates.count + candidate] = newValue }
  }
}
