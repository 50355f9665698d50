import Service

/// `kvindexer record`: writes a live engine's messages, or a service's picks, to a file.
enum RecordCommand: Command {
  static let help = """
    usage: kvindexer record ENDPOINT FILE [OPTIONS]
           kvindexer record --decisions FILE [OPTIONS]

    The first writes an engine's event messages, one JSON line each, {"t": …, "frames": [base64…]},
    for `kvindexer replay FILE`. They hold token ids.

    \(StreamOptions.help)

    The second writes the picks that a service remembers and those that come, as a Mooncake trace
    for `kvindexer simulate --trace FILE`: {"timestamp": milliseconds, "input_length": …,
    "output_length": …, "hash_ids": […]}, one id for 512 tokens, equal ids for equal prefixes. It
    holds no text and no token ids.

      --seconds N          stop after N seconds (default: at Ctrl-C); 0 for what is remembered now
    \(ServiceLocation.help)
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    if let file = try arguments.option("--decisions") {
      return try recordDecisions(to: file, &arguments)
    }
    let endpoint = try arguments.word("ENDPOINT")
    let file = try arguments.word("FILE")
    let options = try StreamOptions(&arguments, endpoint: endpoint)
    try arguments.finish()
    let signal = StopSignal()
    let recorder = try FrameRecorder(options.target, path: file)
    signal.wait(atMost: options.seconds.map { .seconds($0) })
    let count = try recorder.stop()
    print("\(count) messages in \(file)")
    return 0
  }

  private static func recordDecisions(
    to file: String, _ arguments: inout Arguments
  ) throws -> Int32 {
    let location = try ServiceLocation(&arguments)
    let seconds = try arguments.integer("--seconds", in: 0...86_400)
    try arguments.finish()
    guard !location.isJSON else {
      throw UsageError(message: "--decisions writes JSON to its file; --json means nothing here")
    }
    var query = ServiceQuery("/v1/decisions")
    query.add("blocks", "true")
    let recorder = DecisionRecorder(
      pages: DecisionPages(location: location, query: query), path: file)
    let signal = StopSignal()
    let end = seconds.map { MonotonicClock.nowNanoseconds() + UInt64($0) * 1_000_000_000 }
    let summary = try recorder.run(
      wait: { period in
        guard let end else { return signal.wait(atMost: period) }
        let now = MonotonicClock.nowNanoseconds()
        guard now < end else { return true }
        return signal.wait(atMost: min(period, .nanoseconds(Int64(end - now))))
      },
      note: { Log.standardError("kvindexer: record: \($0)\n") })
    print(summary)
    return 0
  }
}
