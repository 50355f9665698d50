import EPPScorer
import Testing

@testable import Service

@Suite struct PickerMutationTests {
  /// A generator that a seed decides.
  private struct Stream: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var bits = state
      bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
      return bits ^ (bits >> 31)
    }
  }

  private func mutate(_ bytes: [UInt8], _ stream: inout Stream) -> [UInt8] {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    for _ in 0..<Int.random(in: 1...3, using: &stream) {
      let index = Int.random(in: 0..<lines.count, using: &stream)
      switch Int.random(in: 0..<6, using: &stream) {
      case 0: lines.remove(at: index)
      case 1: lines.insert(lines[index], at: index)
      case 2: lines.swapAt(index, Int.random(in: 0..<lines.count, using: &stream))
      case 3 where !lines[index].isEmpty:
        let start = Int.random(in: 0..<lines[index].count, using: &stream)
        lines[index].removeSubrange(start..<min(start + 4, lines[index].count))
      case 4 where !lines[index].isEmpty:
        let place = Int.random(in: 0..<lines[index].count, using: &stream)
        lines[index][place] = UInt8.random(in: 0x20...0x7E, using: &stream)
      default:
        let words = ["-1", "null", "[]", "{}", "9999999999999999999", "''", "true", "1e400", "x"]
        guard let colon = lines[index].lastIndex(of: UInt8(ascii: ":")) else { continue }
        let word = words.randomElement(using: &stream) ?? ""
        lines[index].replaceSubrange((colon + 1)..., with: Array(" \(word)".utf8))
      }
      if lines.isEmpty { lines = [[]] }
    }
    return Array(lines.joined(separator: [0x0A]))
  }

  @Test(arguments: PickerFixture.names)
  func `no change of a configuration traps, and every fault has its place`(_ name: String) throws {
    let fixture = try PickerFixture(name)
    for seed in 0..<400 as Range<UInt64> {
      var stream = Stream(state: seed)
      let bytes = mutate(fixture.bytes, &stream)
      do throws(YAMLError) {
        let read = try PickerConfiguration(
          parsing: bytes, file: name, allowsExperimentalPlugins: true)
        #expect(read.setup.plan.faults == [], "seed \(seed)")
        #expect(!ConfigurationReport(read.setup).lines.isEmpty)
      } catch {
        #expect(!error.faults.isEmpty && error.faults.allSatisfy { $0.mark != nil }, "seed \(seed)")
      }
    }
  }
}
