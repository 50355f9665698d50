import Foundation

@testable import Simulation

/// One recorded message: what a real engine published after a scheduler step.
struct RecordedBatch {
  let sequence: UInt64
  let events: [BlockEvent]

  /// Reads one line of a recording's container.
  init(line: Data) throws {
    let frames = try JSONDecoder().decode(ContainerLine.self, from: line).frames
    guard frames.count == 3 else { throw RecordingError.frameCount(frames.count) }
    sequence = frames[1].reduce(0) { $0 << 8 | UInt64($1) }
    guard let batch = try MessagePackValue(decoding: Array(frames[2])).elements,
      batch.count == 3, let events = batch[1].elements
    else { throw RecordingError.unexpectedBatch(sequence) }
    self.events = try events.map(BlockEvent.init(recorded:))
  }
}

enum RecordingError: Error {
  case frameCount(Int)
  case unexpectedBatch(UInt64)
  case unexpectedEvent(MessagePackValue)
  case unexpectedRequest(Int)
}

private struct ContainerLine: Decodable {
  let frames: [Data]
}

extension BlockEvent {
  init(recorded event: MessagePackValue) throws {
    switch event["type"]?.string {
    case "BlockStored":
      self = .stored(try StoredRun(recorded: event))
    case "BlockRemoved":
      guard let hashes = event["block_hashes"]?.elements, hashes.count == 1,
        let hash = hashes[0].integer
      else { throw RecordingError.unexpectedEvent(event) }
      self = .removed(hash)
    case "AllBlocksCleared":
      self = .cleared
    default:
      throw RecordingError.unexpectedEvent(event)
    }
  }
}

extension StoredRun {
  fileprivate init(recorded event: MessagePackValue) throws {
    guard let hashes = event["block_hashes"]?.elements, let tokens = event["token_ids"]?.elements,
      let blockSize = event["block_size"]?.integer, let keys = event["extra_keys"]?.elements
    else { throw RecordingError.unexpectedEvent(event) }
    var adapter: LoRAAdapter?
    if let name = event["lora_name"]?.string, let id = event["lora_id"]?.integer {
      adapter = LoRAAdapter(name: name, id: Int(id))
    }
    self.init(
      hashes: hashes.compactMap(\.integer), parent: event["parent_block_hash"]?.integer,
      tokens: tokens.compactMap { $0.integer.map(UInt32.init) }, blockSize: Int(blockSize),
      adapter: adapter, extraKeys: keys.map { $0.elements?.compactMap(\.string) })
  }
}
