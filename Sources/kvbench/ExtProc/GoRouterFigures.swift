/// What llm-d's router of 2026-08-22 (v0.10, built with Go 1.26.6) was measured with on 2 shared
/// vCPUs of an AMD EPYC: the same prompts, the same phases, no Envoy; the median of 3 runs.
///
/// Its precise rows had no KV events: it knew of prefixes from its own speculation.
struct GoRouterFigures {
  var requestsPerSecond: Double
  /// Microseconds.
  var median: Double
  var p99: Double
  var processorMicroseconds: Double
  var residentMegabytes: Double

  /// The figures of a case; nil when it was not measured.
  static func of(
    _ configuration: PickerVariant, endpoints: Int, tokens: Int, streams: Int
  ) -> GoRouterFigures? {
    switch (configuration, endpoints, tokens, streams) {
    case (.approximate, 8, 2048, 1): Self(1090, 530, 1490, 798, 68)
    case (.approximate, 8, 2048, 16): Self(2967, 1770, 6000, 481, 72)
    case (.approximate, 64, 2048, 1): Self(961, 610, 2250, 970, 71)
    case (.approximate, 64, 2048, 16): Self(2381, 2120, 7500, 639, 80)
    case (.approximate, 64, 8192, 16): Self(1263, 4600, 13_900, 1253, 151)
    case (.precise, 64, 2048, 1): Self(536, 1340, 4200, 2000, 148)
    case (.precise, 64, 2048, 16): Self(951, 5400, 20_900, 1838, 196)
    case (.precise, 64, 8192, 16): Self(311, 17_200, 72_600, 5885, 654)
    default: nil
    }
  }

  private init(
    _ requestsPerSecond: Double, _ median: Double, _ p99: Double, _ processorMicroseconds: Double,
    _ residentMegabytes: Double
  ) {
    self.requestsPerSecond = requestsPerSecond
    self.median = median
    self.p99 = p99
    self.processorMicroseconds = processorMicroseconds
    self.residentMegabytes = residentMegabytes
  }
}
