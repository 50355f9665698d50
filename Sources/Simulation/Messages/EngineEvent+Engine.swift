extension EngineEvent {
  /// What vLLM 0.32 would say of a change of its first cache group on the GPU.
  package init(_ event: BlockEvent) {
    switch event {
    case .stored(let run):
      var blocks = StoredBlocks(
        hashes: run.hashes.map { .integer($0) }, parent: run.parent.map { .integer($0) },
        tokens: run.tokens, blockSize: run.blockSize)
      blocks.loraID = run.adapter?.id
      blocks.loraName = run.adapter?.name
      blocks.extraKeys = run.extraKeys.map { keys in keys?.map { .text($0) } }
      blocks.group = 0
      blocks.specKind = "full_attention"
      self = .stored(blocks)
    case .removed(let hash):
      var blocks = RemovedBlocks(hashes: [.integer(hash)])
      blocks.group = 0
      self = .removed(blocks)
    case .cleared:
      self = .cleared
    }
  }
}
