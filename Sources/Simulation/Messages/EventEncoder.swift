/// Encodes event batches exactly as a generation of vLLM does.
package struct EventEncoder: Sendable, Equatable {
  package let generation: WireGeneration

  package init(generation: WireGeneration) { self.generation = generation }

  /// The bytes of `batch`, without the fields that the generation does not know.
  package func encode(_ batch: EngineBatch) -> [UInt8] {
    var writer = MsgpackWriter()
    let hasRank = generation.batchHasRank
    if generation.batchIsMap {
      writer.openMap(count: batch.dataParallelRank == nil ? 2 : 3)
      writer.write("ts")
      writer.write(batch.timestamp)
      writer.write("events")
      write(batch.events, to: &writer)
      if let rank = batch.dataParallelRank {
        writer.write("data_parallel_rank")
        writer.write(Int64(rank))
      }
    } else {
      writer.openArray(count: hasRank ? 3 : 2)
      writer.write(batch.timestamp)
      write(batch.events, to: &writer)
      if hasRank { writer.write(integer: batch.dataParallelRank) }
    }
    return writer.bytes
  }

  private func write(_ events: [EngineEvent], to writer: inout MsgpackWriter) {
    writer.openArray(count: events.count)
    for event in events {
      switch event {
      case .stored(let blocks):
        write(
          tag: "BlockStored", fields: generation.storedFields, to: &writer,
          isNil: { blocks.isNil($0) }, value: { blocks.write($0, to: &$1) })
      case .removed(let blocks):
        write(
          tag: "BlockRemoved", fields: generation.removedFields, to: &writer,
          isNil: { blocks.isNil($0) }, value: { blocks.write($0, to: &$1) })
      case .cleared:
        write(
          tag: "AllBlocksCleared", fields: ArraySlice<RemovedField>(), to: &writer,
          isNil: { _ in true }, value: { _, _ in })
      }
    }
  }

  private func write<Field: WireField>(
    tag: String, fields: ArraySlice<Field>, to writer: inout MsgpackWriter,
    isNil: (Field) -> Bool, value: (Field, inout MsgpackWriter) -> Void
  ) {
    guard generation.eventsAreMaps else {
      writer.openArray(count: 1 + fields.count)
      writer.write(tag)
      for field in fields { value(field, &writer) }
      return
    }
    let present = fields.filter { !($0.isOptional && isNil($0)) }
    writer.openMap(count: 1 + present.count)
    writer.write("type")
    writer.write(tag)
    for field in present {
      writer.write(field.rawValue)
      value(field, &writer)
    }
  }
}
