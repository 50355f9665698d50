package import EPPScorer

/// What the picker's metrics read when they are asked for, rather than count.
package struct PickerSample: Sendable {
  /// An endpoint at this moment.
  package struct Member: Sendable {
    package var endpoint: Endpoint
    package var load: EndpointLoad
    /// Whether requests may go there.
    package var isUp: Bool
    /// What this picker has under way there.
    package var inFlight: InFlightLoad

    package init(
      _ endpoint: Endpoint, load: EndpointLoad, isUp: Bool, inFlight: InFlightLoad = InFlightLoad()
    ) {
      self.endpoint = endpoint
      self.load = load
      self.isUp = isUp
      self.inFlight = inFlight
    }

    /// Whether its numbers are fresh enough for the pool's averages.
    var isReady: Bool {
      let isKnown =
        load.waitingRequests != nil || load.runningRequests != nil || load.cacheUsage != nil
      return isUp && isKnown && !load.isStale
    }
  }

  /// What a producer of prefix hits holds.
  package struct Index: Sendable {
    package var producer: ProducerLabels
    package var entries: Int

    package init(_ producer: ProducerLabels, entries: Int) {
      self.producer = producer
      self.entries = entries
    }
  }

  package var members: [Member] = []
  package var indexes: [Index] = []
  /// The name of the producer behind `inFlight`.
  package var inFlightProducer = "inflight-load-producer"
  /// Claims on prefixes that are neither confirmed nor over.
  package var reservations = 0
  /// Failures to ask engines by the plugin that asked, and to read what they say.
  package var pollErrors: [(labels: MetricsText.Labels, value: Double)] = []
  package var extractErrors: [(labels: MetricsText.Labels, value: Double)] = []

  package init() {}
}

/// A mean and a spread, rounded as llm-d does.
struct Spread: Equatable {
  var mean: Double
  /// Of a sample: divided by one less than there are values.
  var deviation: Double

  /// Nil of no values.
  init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = Self.rounded(mean)
    deviation =
      values.count > 1 ? Self.rounded((squares / Double(values.count - 1)).squareRoot()) : 0
  }

  private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
