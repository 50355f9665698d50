import Testing

@testable import Simulation

/// Real vLLM servers, repeated request by request: the simulated engine must do the same.
///
/// Equal means: the same batches of the same events with the same tokens, parents and extra keys,
/// hashes up to a one-to-one renaming, and the same counts of cached tokens.
@Suite struct RecordingReplayTests {
  /// The server of most recordings.
  private static let roomy = EngineConfiguration(
    blockCount: 256, modelTokensMax: 2048, batchedTokensMax: 512, runningRequestsMax: 16)

  @Test(arguments: [
    "short_prompt", "exact_block", "multi_block", "shared_prefix", "generation", "multi_turn",
    "cache_salt", "prompt_logprobs", "reset", "lora", "connect_basic",
  ])
  func `An engine with room for all repeats a recorded server step by step`(
    scenario: String
  ) throws {
    // "lora" and "connect_basic" ran with a larger step, but no prompt of theirs exceeds this one.
    var replay = try RecordingReplay(Self.roomy)
    try replay.play(Recording(scenario))
  }

  @Test(arguments: [32, 128])
  func `An engine with larger blocks repeats a recorded server`(blockSize: Int) throws {
    let configuration = EngineConfiguration(
      blockCount: 256, blockSize: blockSize, modelTokensMax: 2048, runningRequestsMax: 16)
    var replay = try RecordingReplay(configuration)
    try replay.play(Recording("block\(blockSize)_basic"))
  }

  @Test func `An engine with 32 blocks evicts and preempts like a recorded server`() throws {
    let configuration = EngineConfiguration(
      blockCount: 33, modelTokensMax: 512, runningRequestsMax: 16)
    var replay = try RecordingReplay(configuration)
    try replay.play(Recording("eviction"))
    try replay.play(Recording("duplicate_evict"))
    try replay.play(Recording("preemption"), bursts: [[[0], [1, 3, 2]], [[4]]])
  }

  @Test func `Requests hit blocks that are filled in the same step`() throws {
    var replay = try RecordingReplay(Self.roomy)
    let first = [[1, 0, 2, 3]]
    let second = [[5], [6, 7, 8]]
    try replay.play(Recording("concurrent"), bursts: [first, [[4]], second, [[9]]])
  }

  @Test(arguments: [8000, 8001])
  func `An engine with 127 blocks repeats a long mixed workload`(server: Int) throws {
    let configuration = EngineConfiguration(
      blockCount: 128, modelTokensMax: 1024, runningRequestsMax: 16)
    var replay = try RecordingReplay(configuration)
    try replay.play(Recording("truth", server: server))
  }
}
