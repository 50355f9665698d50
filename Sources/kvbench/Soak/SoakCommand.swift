import KVIndexer
import Service

/// `kvbench soak …`: blocks stored and removed without a pause, under a byte budget.
enum SoakCommand {
  static let help = """
      usage: kvbench soak [OPTION]…

      --blocks N       blocks to store, for example 50M; 50M unless told
      --minutes N      the time to go on for, instead
      --budget SIZE    of the index, for example 64MiB, which it is unless told
      --seed N         another stream of events of the same shape

    The exit status is 1 when resident memory is not flat within 2 % after the first fifth, or when
    the index is not what the engines hold.
    """

  private static let samples = 50
  private static let warmUp = 10
  private static let spreadMax = 0.02
  private static let chainsCompared = 4000

  /// Runs what `words` ask for; nil when they are no command of this kind.
  static func run(_ words: [String]) -> Int32? {
    guard words.first == "soak" else { return nil }
    if words.contains("--help") {
      print(help)
      return 0
    }
    do {
      return try run(SoakOptions(Array(words.dropFirst())))
    } catch {
      Log.standardError("kvbench: \(error)\n")
      return 2
    }
  }

  private static func run(_ options: SoakOptions) throws -> Int32 {
    print("soak: \(options.text), an index of \(options.byteBudget >> 20) MiB")
    var fleet = SoakFleet(byteBudget: options.byteBudget, seed: options.seed)
    var chart = SoakChart()
    let start = MonotonicClock.nowNanoseconds()
    for sample in 1...samples {
      let share = Double(sample) / Double(samples)
      repeat {
        fleet.step()
      } while !options.isReached(share, stored: fleet.stored, since: start)
      chart.add(stored: fleet.stored, bytes: try ProcessStatistics.residentBytes())
    }
    let seconds = Double(MonotonicClock.nowNanoseconds() - start) / 1e9
    fleet.loaded.fleet.index.checkInvariants()
    let result = fleet.verify(chains: chainsCompared)
    let spread = chart.spread(after: warmUp)
    print(chart.text)
    print(
      """
      stored \(fleet.stored), removed \(fleet.removed) blocks in \(seconds.short) s, \
      \((Double(fleet.stored + fleet.removed) / seconds / 1e6).short) M a second
      resident blocks at the end: \(fleet.loaded.fleet.index.residencies), \
      \((Double(fleet.loaded.fleet.index.liveBytes) / Double(1 << 20)).short) MiB of \
      \(options.byteBudget >> 20)
      resident memory after the first fifth: within \((100 * spread).short) % (at most 2 %)
      compared \(result.compared) matches, \(result.equal) equal, \(result.wrong) wrong; \
      \(fleet.undecoded) messages not decoded
      """)
    return spread <= spreadMax && result.wrong == 0 && fleet.undecoded == 0 ? 0 : 1
  }
}
