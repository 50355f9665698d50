/// How a simulated engine is sized; names in parentheses are vLLM's.
package struct EngineConfiguration: Sendable, Equatable {
  /// Physical blocks including the null block (`num_gpu_blocks`).
  package var blockCount: Int
  /// Tokens a block (`block_size`).
  package var blockSize: Int
  /// Longest sequence, prompt and output together, in tokens (`max_model_len`).
  package var modelTokensMax: Int
  /// Tokens computed in one scheduler step (`max_num_batched_tokens`).
  package var batchedTokensMax: Int
  /// Requests that hold blocks at the same time (`max_num_seqs`).
  package var runningRequestsMax: Int
  /// Requests that may wait for admission to a step; more are refused.
  package var waitingRequestsMax: Int
  /// Engines with the same seed name equal blocks alike.
  package var hashSeed: UInt64
  /// Engines with the same seed give the same answers.
  package var modelSeed: UInt64
  /// Token ids that the model samples from, from 0.
  package var vocabularySize: Int

  /// Describes an engine; unless told, a sequence may fill the whole cache.
  package init(
    blockCount: Int, blockSize: Int = 16, modelTokensMax: Int? = nil, batchedTokensMax: Int = 2048,
    runningRequestsMax: Int = 256, waitingRequestsMax: Int = 65_536, hashSeed: UInt64 = 0,
    modelSeed: UInt64 = 0, vocabularySize: Int = 32_000
  ) {
    self.blockCount = blockCount
    self.blockSize = blockSize
    self.modelTokensMax =
      modelTokensMax ?? Self.capacity(blockCount: blockCount, blockSize: blockSize)
    self.batchedTokensMax = batchedTokensMax
    self.runningRequestsMax = runningRequestsMax
    self.waitingRequestsMax = waitingRequestsMax
    self.hashSeed = hashSeed
    self.modelSeed = modelSeed
    self.vocabularySize = vocabularySize
  }

  /// Checks that such an engine can run.
  ///
  /// A sequence that does not fit in an empty cache would preempt itself forever, so the longest
  /// one must fit.
  func validate() throws(EngineConfigurationError) {
    let positive: [(name: String, value: Int)] = [
      ("blockSize", blockSize), ("batchedTokensMax", batchedTokensMax),
      ("runningRequestsMax", runningRequestsMax), ("waitingRequestsMax", waitingRequestsMax),
      ("vocabularySize", vocabularySize),
    ]
    for field in positive where field.value < 1 {
      throw .tooSmall(field: field.name, value: field.value, minimum: 1)
    }
    if blockCount < 2 { throw .tooSmall(field: "blockCount", value: blockCount, minimum: 2) }
    if blockCount > Int(BlockID.max) {
      throw .tooLarge(field: "blockCount", value: blockCount, maximum: Int(BlockID.max))
    }
    if modelTokensMax < 2 {
      throw .tooSmall(field: "modelTokensMax", value: modelTokensMax, minimum: 2)
    }
    let capacity = Self.capacity(blockCount: blockCount, blockSize: blockSize)
    if modelTokensMax > capacity {
      throw .tooLarge(field: "modelTokensMax", value: modelTokensMax, maximum: capacity)
    }
  }

  /// Tokens that fit in the usable blocks; absurd sizes saturate, so that `validate()` sees them.
  private static func capacity(blockCount: Int, blockSize: Int) -> Int {
    let (usable, underflow) = blockCount.subtractingReportingOverflow(1)
    let (tokens, overflow) = usable.multipliedReportingOverflow(by: blockSize)
    return underflow || overflow ? Int.max : tokens
  }
}

/// Why an engine can't be sized like this.
package enum EngineConfigurationError: Error, Equatable {
  case tooSmall(field: String, value: Int, minimum: Int)
  case tooLarge(field: String, value: Int, maximum: Int)
}
