/// What a walk over all runs says of lanes and namespaces.
struct IndexSurvey {
  /// What one lane holds.
  struct LaneTotals {
    var blocks = 0
    /// Blocks that another endpoint holds too.
    var sharedBlocks = 0
    /// Tenths of a second since the run was first stored, summed over the blocks.
    var ageTenths = 0
    /// When the oldest of its runs was first stored.
    var oldest: CoarseTime?
  }

  /// What is below the roots of one namespace.
  struct NamespaceTotals {
    /// Distinct blocks that somebody holds.
    var blocks = 0
    /// By lane: whether it holds some.
    var lanes: [UInt64] = []
  }

  /// Only blocks of this namespace count for lanes; nil: all.
  let namespace: NamespaceID?
  /// By `LaneID`; shorter when the last lanes hold nothing.
  var lanes: [LaneTotals] = []
  /// By number.
  var namespaces: [NamespaceTotals] = []
  var nodesVisited = 0
  /// Working memory.
  fileprivate var holders: [Holder] = []
  /// Where the walk goes on; nil when it has come to the end.
  var next: UInt32? = 0

  init(namespace: NamespaceID? = nil) { self.namespace = namespace }
}

extension PrefixIndex {
  /// Looks at the next runs, and leaves in `survey.next` where to go on.
  ///
  /// Between two calls the index may change: totals are exact for what stood still meanwhile.
  ///
  /// - Parameter work: Runs and holders of runs to look at, about.
  func survey(_ survey: inout IndexSurvey, roles: LaneRoles, work: Int) {
    guard var node = survey.next else { return }
    var left = work
    while node < nodes.touched, left > 0 {
      if length(node) > 0 {
        left -= 1 + Int(nodes.hot[Int(node)].holderCount)
        add(node, roles, to: &survey)
      } else {
        left -= 1
      }
      node += 1
    }
    survey.nodesVisited += Int(node - (survey.next ?? 0))
    survey.next = node < nodes.touched ? node : nil
  }

  private func add(_ node: UInt32, _ roles: LaneRoles, to survey: inout IndexSurvey) {
    let cold = nodes.cold[Int(node)]
    survey.holders.removeAll(keepingCapacity: true)
    appendHolders(of: node, to: &survey.holders)
    survey.holders.removeAll { !roles[$0.lane].isMain }
    // Taken out while it is read, so that nothing is copied.
    let holders = survey.holders
    survey.holders = []
    defer { survey.holders = holders }
    if cold.namespace != .unknown {
      let number = Int(cold.namespace.number)
      while survey.namespaces.count <= number { survey.namespaces.append(.init()) }
      survey.namespaces[number].blocks += liveBlocks(node)
      for holder in holders { survey.namespaces[number].insert(holder.lane) }
    }
    if let wanted = survey.namespace, wanted != cold.namespace { return }
    let age = Int(max(clock, cold.born).tenths - cold.born.tenths)
    let shared = SharedBlocks(holders, roles, self, length(node))
    for holder in holders {
      let held = blocks(in: holder.coverage)
      while survey.lanes.count <= holder.lane { survey.lanes.append(.init()) }
      survey.lanes[holder.lane].blocks += held
      survey.lanes[holder.lane].sharedBlocks += shared.count(holder, roles, self)
      survey.lanes[holder.lane].ageTenths += age * held
      survey.lanes[holder.lane].oldest = min(
        survey.lanes[holder.lane].oldest ?? cold.born, cold.born)
    }
  }

  /// Blocks that a coverage holds.
  func blocks(in coverage: Coverage) -> Int {
    switch coverage {
    case .nothing: return 0
    case .cut(let length): return length
    case .map(let handle):
      let map = words[handle]
      return (0..<Int(map[0])).reduce(0) { $0 + map[1 + $1].nonzeroBitCount }
    }
  }

  /// Blocks of the node that somebody holds.
  private func liveBlocks(_ node: UInt32) -> Int {
    let hot = nodes.hot + Int(node)
    let first = Int(hot.pointee.phase)
    let end = first + Int(hot.pointee.length)
    var count = 0
    for number in 0..<Int(hot.pointee.granuleCount) {
      var live = granules.info[Int(granule(node, number))].live
      let slots = max(first - number * 16, 0)..<min(end - number * 16, 16)
      live &= UInt16.max << UInt16(slots.lowerBound)
      live &= UInt16.max >> UInt16(16 - slots.upperBound)
      count += live.nonzeroBitCount
    }
    return count
  }
}

extension IndexSurvey.NamespaceTotals {
  fileprivate mutating func insert(_ lane: Int) {
    while lanes.count <= lane >> 6 { lanes.append(0) }
    lanes[lane >> 6] |= 1 << UInt64(lane & 63)
  }
}

/// Which blocks of one run several endpoints hold.
///
/// While all holders have cuts, two numbers tell: the longest cut, and the longest of another
/// endpoint. With holes it takes a bitmap.
private struct SharedBlocks {
  private var longest = 0
  private var longestEndpoint: Int32 = -1
  private var second = 0
  /// Blocks that at least two endpoints hold; empty without holes.
  private var twice: [UInt64] = []

  init(
    _ holders: [Holder], _ roles: LaneRoles, _ index: borrowing PrefixIndex, _ length: Int
  ) {
    if holders.contains(where: \.isMap) {
      countTwice(holders, roles, index, length)
      return
    }
    for holder in holders {
      let endpoint = roles[holder.lane].endpoint
      let cut = Int(holder.value)
      if endpoint == longestEndpoint {
        longest = max(longest, cut)
      } else if cut > longest {
        (second, longest, longestEndpoint) = (longest, cut, endpoint)
      } else {
        second = max(second, cut)
      }
    }
  }

  private mutating func countTwice(
    _ holders: [Holder], _ roles: LaneRoles, _ index: borrowing PrefixIndex, _ length: Int
  ) {
    let words = (length + 63) / 64
    var once = [UInt64](repeating: 0, count: words)
    twice = once
    let byEndpoint = Dictionary(grouping: holders) { roles[$0.lane].endpoint }
    for group in byEndpoint.values {
      var held = [UInt64](repeating: 0, count: words)
      for holder in group { index.add(holder.coverage, to: &held) }
      for word in 0..<words {
        twice[word] |= once[word] & held[word]
        once[word] |= held[word]
      }
    }
  }

  /// Blocks of `holder`, of those it was made for, that another endpoint holds too.
  func count(_ holder: Holder, _ roles: LaneRoles, _ index: borrowing PrefixIndex) -> Int {
    if twice.isEmpty {
      let other = roles[holder.lane].endpoint == longestEndpoint ? second : longest
      return min(Int(holder.value), other)
    }
    var held = [UInt64](repeating: 0, count: twice.count)
    index.add(holder.coverage, to: &held)
    return zip(held, twice).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount }
  }
}

extension PrefixIndex {
  /// Sets the bits of the blocks that `coverage` holds.
  fileprivate func add(_ coverage: Coverage, to bits: inout [UInt64]) {
    switch coverage {
    case .nothing: return
    case .cut(let length):
      for word in 0..<(length + 63) / 64 {
        bits[word] |= length - word * 64 >= 64 ? .max : (1 << UInt64(length - word * 64)) - 1
      }
    case .map(let handle):
      let map = words[handle]
      for word in 0..<min(Int(map[0]), bits.count) { bits[word] |= map[1 + word] }
    }
  }
}
