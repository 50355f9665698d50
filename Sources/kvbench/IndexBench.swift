import Glibc
import KVIndexer

func now() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

func runMatch() {
  for (w, d) in [(8, 64), (8, 512), (64, 64), (64, 512), (64, 4096), (512, 64), (512, 512)] {
    for branching in [false, true] {
      let n = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1])! : 1_000_000
      let wl = Workload(.init(lanes: w, depth: d, residencies: n, branching: branching))
      var index = PrefixIndex(byteBudget: 2 << 30)
      let lanes = (0..<w).map { _ in index.addLane() }
      var scopes = lanes.map { _ in HashScope() }
      let hashes = wl.chains.map { $0.map(Workload.engineHash) }
      let b0 = index.bytes
      let t0 = now()
      for s in wl.stores {
        let keys = wl.chains[s.chain]
        keys.withUnsafeBufferPointer { k in
          hashes[s.chain].withUnsafeBufferPointer { h in
            var parent = BlockParent.root(BlockKey(0))
            if s.range.lowerBound > 0 {
              parent = .block(
                index.find(
                  h[s.range.lowerBound - 1], scope: scopes[s.lane], lanes: LaneSet(lanes[s.lane]))!)
            }
            index.store(
              lanes[s.lane], scope: &scopes[s.lane], parent: parent,
              keys: k.baseAddress! + s.range.lowerBound,
              hashes: h.baseAddress! + s.range.lowerBound, count: s.range.count)
          }
        }
      }
      let t1 = now()
      var buffer = MatchBuffer()
      var sum = 0
      func measure(_ qs: [Workload.Query]) -> Double {
        var best = Double.infinity
        for _ in 0..<20 {
          let t = now()
          for q in qs {
            index.match(q.keys, count: q.keys.count, into: &buffer)
            sum &+= buffer[LaneID(0)]
          }
          best = min(best, Double(now() - t) / Double(qs.count))
        }
        for q in qs {
          index.match(q.keys, count: q.keys.count, into: &buffer)
          for (lane, depth) in q.expected {
            precondition(
              buffer[LaneID(lane)] == depth, "\(lane): \(buffer[LaneID(lane)]) vs \(depth)")
          }
        }
        return best
      }
      let same = measure([wl.full[0]])
      let full = measure(wl.full)
      let part = measure(wl.partial)
      // removal
      let sess = wl.stores.filter { $0.range.lowerBound > 0 }.suffix(400)
      let tr = now()
      var removed = 0
      for s in sess.reversed() {
        hashes[s.chain].withUnsafeBufferPointer { h in
          index.prefetch(h.baseAddress! + s.range.lowerBound, count: s.range.count)
          for i in s.range.reversed() {
            index.remove(lanes[s.lane], scope: &scopes[s.lane], hash: h[i])
            removed += 1
          }
        }
      }
      let rm = Double(now() - tr) / Double(removed)
      func f(_ x: Double) -> Double { (x * 10).rounded() / 10 }
      print(
        "W\(w) D\(d) branch=\(branching) res=\(wl.residencies) uniq=\(index.uniqueBlocks) nodes=\(index.nodeCount) ingest=\(f(Double(t1-t0)/Double(wl.residencies))) B/res=\(f(Double(index.bytes - b0)/Double(wl.residencies))) same=\(f(same)) full=\(f(full)) partial=\(f(part)) rm=\(f(rm)) sum=\(sum)"
      )
    }
  }
}
