/// Runs as a snapshot has them, but for the seal of their hashes: that takes longer, and needs no
/// index.
extension PrefixIndex {
  /// Appends runs from number `start` on until `bytesMax` are reached.
  ///
  /// - Parameters:
  ///   - lanes: By number, whether the lane's holdings belong to the snapshot.
  ///   - holders: Working memory.
  /// - Returns: The next run's number; nil after the last one.
  func capture(
    from start: UInt32, lanes: [Bool], into buffer: inout GrowableBuffer<UInt8>, bytesMax: Int,
    holders: inout [Holder], totals: inout SnapshotTotals
  ) -> UInt32? {
    var node = start
    // Freed runs cost a look, so that their number is bounded as well.
    let end = UInt32(min(Int(nodes.touched), Int(start) + bytesMax / 8))
    while node < end, buffer.count < bytesMax {
      if length(node) > 0 {
        holders.removeAll(keepingCapacity: true)
        appendHolders(of: node, to: &holders)
        holders.removeAll { $0.lane >= lanes.count || !lanes[$0.lane] }
        append(node, holders, to: &buffer, &totals)
      }
      node += 1
    }
    return node < nodes.touched ? node : nil
  }

  private func append(
    _ node: UInt32, _ holders: [Holder], to buffer: inout GrowableBuffer<UInt8>,
    _ totals: inout SnapshotTotals
  ) {
    let count = length(node)
    let cold = nodes.cold[Int(node)]
    let bitmapBytes = (count + 63) / 64 * 8
    let start = buffer.count
    buffer.reserve(
      SnapshotFormat.runHeaderBytes + count * 16 + holders.count * (4 + bitmapBytes))
    var place = UnsafeMutableRawPointer(buffer.pointer(at: start))
    Self.put(node, at: &place)
    Self.put(cold.parent, at: &place)
    Self.put(cold.depth, at: &place)
    Self.put(clock.tenths - min(cold.born, clock).tenths, at: &place)
    Self.put(cold.namespace.number, at: &place)
    Self.put(UInt16(count), at: &place)
    Self.put(UInt32(holders.count), at: &place)
    copyBlocks(node, count, from: granules.keys, to: &place)
    copyBlocks(node, count, from: granules.hashes, to: &place)
    for holder in holders {
      Self.put(UInt16(holder.lane), at: &place)
      switch holder.coverage {
      case .nothing: preconditionFailure("a holder holds something")
      case .cut(let length):
        totals.residencies += length
        Self.put(UInt16(length), at: &place)
      case .map(let handle):
        Self.put(UInt16(0), at: &place)
        let map = words[handle]
        for word in 0..<bitmapBytes / 8 {
          let bits = word < Int(map[0]) ? map[1 + word] : 0
          totals.residencies += bits.nonzeroBitCount
          Self.put(bits, at: &place)
        }
      }
    }
    buffer.setCount(place - UnsafeMutableRawPointer(buffer.pointer(at: 0)))
    totals.runs += 1
    totals.blocks += count
  }

  @inline(__always)
  private static func put<T: FixedWidthInteger & BitwiseCopyable>(
    _ value: T, at place: inout UnsafeMutableRawPointer
  ) {
    place.storeBytes(of: value.littleEndian, as: T.self)
    place += MemoryLayout<T>.size
  }

  private func copyBlocks(
    _ node: UInt32, _ count: Int, from words: UnsafeMutablePointer<UInt64>,
    to place: inout UnsafeMutableRawPointer
  ) {
    var offset = 0
    while offset < count {
      let first = block(node, offset)
      let step = min(16 - first & 15, count - offset)
      place.copyMemory(from: words + first, byteCount: step * 8)
      place += step * 8
      offset += step
    }
  }
}
