import Testing

@testable import Simulation

@Suite struct TraceSpreadTests {
  /// Ten requests at a time, every three seconds.
  private var coarse: Trace {
    get throws {
      let lines = (0..<200).map { number in
        #"{"timestamp": \#(number / 10 * 3000), "input_length": 1, "hash_ids": [\#(number)]}"#
      }
      return try Array(lines.joined(separator: "\n").utf8).withUnsafeBytes {
        try TraceReader.read($0, file: "t", blockTokens: 512)
      }
    }
  }

  @Test(arguments: [1, 2, 3])
  func `Requests of one time are spread up to the next one`(seed: UInt64) throws {
    let trace = try coarse
    #expect(trace.resolution == 3_000_000_000)
    let spread = trace.spread(seed: seed)
    let times = spread.requests.map(\.time)
    #expect(times == times.sorted())
    #expect(Set(times).count == times.count)
    for request in spread.requests {
      let tick = UInt64(request.blocks.lowerBound / 10) * 3_000_000_000
      #expect((tick..<tick + 3_000_000_000).contains(request.time))
    }
  }

  @Test func `Seeds decide how, and only they`() throws {
    let trace = try coarse
    #expect(trace.spread(seed: 1).requests == trace.spread(seed: 1).requests)
    #expect(trace.spread(seed: 1).requests != trace.spread(seed: 2).requests)
  }

  @Test func `A trace with a fine clock stays as it is`() {
    var trace = Trace(name: "t", blockTokens: 512)
    for number in 0..<10 {
      trace.append(time: UInt64(number), promptTokens: 1, outputTokens: 1, blocks: [0])
    }
    #expect(trace.spread(seed: 1).requests == trace.requests)
  }
}
