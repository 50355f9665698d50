import Tokenize

extension Comparison {
  /// The comparison for machines: parameters, the ladder, and a cell for each policy and stress.
  package var json: [UInt8] {
    var writer = JSONWriter(capacity: 1 << 16)
    writer.object { writer in
      writer.field("parameters") { parameters.write(to: &$0) }
      writer.field("ladder") { writer in
        writer.array { writer in
          for rung in ladder {
            writer.object { writer in
              writer.field("rung", rung.name)
              writer.field("policy", rung.cell?.policy.rawValue)
              writer.field("hit_ratio") { rung.hitRatio.write(to: &$0) }
            }
          }
        }
      }
      writer.field("is_monotone", steepRungs.isEmpty)
      writer.field("cells") { writer in
        writer.array { writer in for cell in cells { cell.write(to: &writer) } }
      }
    }
    return writer.bytes
  }
}

extension Comparison.Parameters {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.field("source", source)
      writer.field("requests", requests)
      writer.field("blocks", blocks)
      writer.field("distinct_blocks", distinctBlocks)
      writer.field("prompt_tokens", promptTokens)
      writer.field("span_s", seconds)
      writer.field("block_tokens", blockTokens)
      writer.field("engines", engines)
      writer.field("capacity_blocks", capacityBlocks)
      writer.field("plan", plan)
      writer.field("prefill_tokens_per_s", times.prefillTokensPerSecond)
      writer.field("token_ms", Double(times.tokenNanoseconds) / 1e6)
      writer.field("event_delay_s", eventDelaySeconds)
      writer.field("seeds", seeds)
    }
  }
}

extension Comparison.Cell {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.field("stress", stress.rawValue)
      writer.field("policy", policy.rawValue)
      writer.field("hit_ratio") { hitRatio.write(to: &$0) }
      writer.field("hit_ratio_by_seed") { writer in
        writer.array { writer in for ratio in hitRatios { writer.double(ratio) } }
      }
      writer.field("token_hit_ratio") { tokenHitRatio.write(to: &$0) }
      writer.field("prediction_error") { Spread.write(predictionError, to: &$0) }
      writer.field("over_prediction") { Spread.write(overPrediction, to: &$0) }
      writer.field("imbalance") { imbalance.write(to: &$0) }
      writer.field("ttft_mean_s") { firstTokenMean.write(to: &$0) }
      writer.field("ttft_p50_s") { firstTokenP50.write(to: &$0) }
      writer.field("ttft_p90_s") { firstTokenP90.write(to: &$0) }
      writer.field("ttft_p99_s") { firstTokenP99.write(to: &$0) }
    }
  }
}

extension Spread {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.field("mean", mean)
      writer.field("deviation", deviation)
      writer.field("min", least)
      writer.field("max", most)
    }
  }

  fileprivate static func write(_ spread: Spread?, to writer: inout JSONWriter) {
    if let spread { spread.write(to: &writer) } else { writer.null() }
  }
}
