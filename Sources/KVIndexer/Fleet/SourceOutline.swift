/// What a match needs of a source, in one plain record: matching follows no reference.
struct SourceOutline: BitwiseCopyable {
  var trust: Trust
  /// Whether it belongs to an endpoint.
  var isServing: Bool
  /// One full group, in the first tier only: its depth is its match.
  var isPlain: Bool
  /// By `FleetIndex.models`.
  var model: Int32
  var rank: Int32
  /// Tokens a block, learnt from the events; 0 before the first store.
  var blockSize: Int32
  /// Tokens a block to hash prompts by: the learnt size, or the configured one.
  var namespaceBlockSize: Int32
  /// The main group's lane in the first tier, or -1.
  var lane: Int32
  /// The endpoint's lane among the reservations.
  var reservationLane: Int32
}

extension FleetIndex {
  /// Brings the outline of a source up to date; every change of a source ends with it.
  mutating func outline(_ source: Source) {
    source.isOutlined = true
    let main = source.mainGroup
    let blockSize = source.blockSize
    let lane = main.flatMap { source.groups[$0].lanes[.gpu] }
    let isPlain =
      source.groups.count <= 1 && source.groups.allSatisfy { !$0.needsPathAnywhere }
    let outline = SourceOutline(
      trust: source.trust, isServing: source.endpoint != nil, isPlain: isPlain,
      model: Int32(source.model),
      rank: Int32(source.configuration.rank), blockSize: Int32(blockSize ?? 0),
      namespaceBlockSize: Int32(blockSize ?? source.configuration.blockSize ?? 0),
      lane: lane.map { Int32($0.index) } ?? -1,
      reservationLane: Int32(source.reservationLane.index))
    let isKnown = source.id.index < outlines.count
    if !isKnown || outlines.pointer(at: source.id.index).pointee.trust != outline.trust {
      source.trustSince = index.clock
      if isKnown { source.counters.trustChanges += 1 }
    }
    if isKnown {
      outlines.pointer(at: source.id.index).pointee = outline
    } else {
      outlines.append(outline)
    }
  }

  /// The number of a model's name: 0 for none, -1 for one that no source has.
  func number(ofModel name: String) -> Int {
    if name.isEmpty { return 0 }
    return models.firstIndex(of: name).map { $0 + 1 } ?? -1
  }
}
