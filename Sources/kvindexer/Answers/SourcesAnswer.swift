/// The answer of `GET /v1/sources`, as far as it is shown.
struct SourcesAnswer: Decodable {
  struct Stream: Decodable {
    var endpoint: String
    var lastSequence: Int?
    var gaps: Int
  }

  struct Counters: Decodable {
    var storedBlocks: Int
    var removedBlocks: Int
  }

  struct Source: Decodable {
    /// What `/v1/sources/{id}/…` takes.
    var source: Int
    var endpoint: String
    var rank: Int
    var trust: String
    var reason: String?
    var warning: String?
    var incarnation: Int
    var blockSize: Int?
    var residencies: Int
    var counters: Counters
    var stream: Stream

    /// What changes take as well.
    var name: String { "\(endpoint):\(rank)" }
  }

  var sources: [Source]
}
