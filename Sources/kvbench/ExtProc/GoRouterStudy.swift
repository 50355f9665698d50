import Tokenize

/// What llm-d published of its router with prompts of 100,000 tokens, on machines of its own:
/// latencies that the router adds at 10 requests a second to 10 simulated engines, and the
/// processor time at two rates.
///
/// From its analyses `pprof_analysis_baseline_vs_precise.md` and `operations.md` (version 0.9.0).
/// Text of 400 KB is a prompt of as many tokens.
enum GoRouterStudy {
  /// Microseconds.
  private static let latencies = [
    (routing: "pass-through", median: 940.0, p95: 4850.0),
    (routing: "precise", median: 2050.0, p95: 4820.0),
  ]

  /// With 1,000 tokens of output, streamed.
  private static let processors = [
    (requestsPerSecond: 5.0, cores: 1.19), (requestsPerSecond: 98.7, cores: 35.17),
  ]

  /// A line for people.
  static var text: String {
    let times = latencies.map { row in
      "\(row.routing) p50 \(row.median.grouped), p95 \(row.p95.grouped) µs"
    }
    let costs = processors.map { row in
      "\((row.cores / row.requestsPerSecond * 1000).grouped) ms of processor time a request at "
        + "\(row.requestsPerSecond.short)/s"
    }
    return "  Go router, published, prompts of 100,000 tokens (400 KB): "
      + (times + costs).joined(separator: "; ")
  }

  static func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("prompt_tokens", 100_000)
      json.field("latencies") { json in
        json.array { json in
          for row in latencies {
            json.object { json in
              json.field("routing", row.routing)
              json.field("p50_us", row.median)
              json.field("p95_us", row.p95)
            }
          }
        }
      }
      json.field("processor") { json in
        json.array { json in
          for row in processors {
            json.object { json in
              json.field("requests_per_second", row.requestsPerSecond)
              json.field("cores", row.cores)
            }
          }
        }
      }
    }
  }
}
