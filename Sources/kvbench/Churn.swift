import KVIndexer
import Simulation

/// Engines with full caches: sessions come, grow in turns, and are evicted from their tails.
///
/// Sources form teams of `holders`; every turn of a session reaches all sources of its team, each of
/// which evicts by itself, the coldest sessions first and not always in the same order. A turn is
/// one event of prompt blocks and then single blocks, as an engine decodes; the sessions of a team
/// that run at the same time take turns block by block.
struct Churn: ~Copyable {
  private struct Session {
    var id: UInt64
    var turnsLeft: Int
    /// Blocks of the whole session so far.
    var length = 0
    /// Blocks that the present turn still has to decode.
    var toDecode = 0
  }

  /// What a source keeps of a session that is not running.
  private struct Idle {
    var id: UInt64
    var held: Int
  }

  private struct Team {
    var sources: Range<Int>
    var running: [Session] = []
    /// Sessions between turns, coldest first.
    var waiting: [Session] = []
  }

  private static let runningMax = 8
  private static let waitingMax = 24

  private(set) var loaded: LoadedIndex
  /// Blocks stored so far, over all sources.
  private(set) var stored = 0
  private let capacity: Int
  private var teams: [Team]
  /// By source: evictable sessions, coldest first, and blocks held of every session.
  private var idle: [[Idle]]
  private var used: [Int]
  private var random: SplitMix64
  private var nextID: UInt64 = 1

  init(sources: Int, holders: Int, capacity: Int, seed: UInt64) {
    loaded = LoadedIndex(lanes: sources)
    self.capacity = capacity
    teams = stride(from: 0, to: sources, by: holders).map {
      Team(sources: $0..<min($0 + holders, sources))
    }
    idle = Array(repeating: [], count: sources)
    used = Array(repeating: 0, count: sources)
    random = SplitMix64(seed: seed)
  }

  /// Blocks that the sources believe to hold.
  var residencies: Int { used.reduce(0, +) }

  /// Goes on until `target` blocks were stored.
  mutating func run(untilStored target: Int) {
    while stored < target {
      for team in teams.indices { step(team) }
    }
  }

  /// One event of a team: a turn begins, or a running session decodes a block.
  private mutating func step(_ team: Int) {
    if teams[team].running.count < Self.runningMax {
      begin(team)
      return
    }
    let slot = random.below(Self.runningMax)
    if teams[team].running[slot].toDecode == 0 {
      end(team, teams[team].running.remove(at: slot))
      return
    }
    let length = teams[team].running[slot].length
    for source in teams[team].sources {
      store(teams[team].running[slot].id, length..<length + 1, on: source)
    }
    teams[team].running[slot].length += 1
    teams[team].running[slot].toDecode -= 1
  }

  private mutating func begin(_ team: Int) {
    var session: Session
    if teams[team].waiting.count >= Self.waitingMax {
      session = teams[team].waiting.remove(at: random.below(Self.waitingMax))
    } else {
      session = Session(id: nextID, turnsLeft: random.inside(1...6))
      nextID += 1
    }
    let prompt = session.length == 0 ? random.inside(32...384) : random.inside(4...64)
    for source in teams[team].sources {
      var held = 0
      if let index = idle[source].firstIndex(where: { $0.id == session.id }) {
        held = idle[source].remove(at: index).held
      }
      for lower in stride(from: held, to: session.length + prompt, by: 64) {
        store(session.id, lower..<min(lower + 64, session.length + prompt), on: source)
      }
    }
    session.length += prompt
    session.toDecode = random.inside(4...40)
    teams[team].running.append(session)
  }

  private mutating func end(_ team: Int, _ session: Session) {
    for source in teams[team].sources {
      idle[source].append(Idle(id: session.id, held: session.length))
    }
    if session.turnsLeft > 1 {
      var session = session
      session.turnsLeft -= 1
      teams[team].waiting.append(session)
    }
  }

  private mutating func store(_ session: UInt64, _ range: Range<Int>, on source: Int) {
    makeRoom(range.count, on: source)
    // Only a block and its parent are looked at, so a chain is made for the range alone.
    let first = max(range.lowerBound - 1, 0)
    let keys = (first..<range.upperBound).map { Self.key(session, $0) }
    let chain = Forest.Chain(keys: keys, hashes: keys.map(Forest.engineHash))
    loaded.store(chain, (range.lowerBound - first)..<keys.count, lane: source)
    used[source] += range.count
    stored += range.count
  }

  /// Evicts single blocks from the tail of one of the coldest sessions.
  private mutating func makeRoom(_ blocks: Int, on source: Int) {
    while used[source] + blocks > capacity {
      precondition(!idle[source].isEmpty, "running sessions fill source \(source)")
      // Often the coldest; the next ones as often as an engine's order differs from another's.
      let victim = min(random.below(4) == 0 ? random.below(4) : 0, idle[source].count - 1)
      let (id, held) = (idle[source][victim].id, idle[source][victim].held)
      let gone = min(used[source] + blocks - capacity, held)
      for offset in 0..<gone {
        loaded.remove(Forest.engineHash(Self.key(id, held - 1 - offset)), lane: source)
      }
      used[source] -= gone
      idle[source][victim].held -= gone
      if idle[source][victim].held == 0 { idle[source].remove(at: victim) }
    }
  }

  private static func key(_ session: UInt64, _ block: Int) -> UInt64 {
    BlockHasher.chain(session, UInt64(block) &* 0x9E37_79B9_7F4A_7C15)
  }
}
