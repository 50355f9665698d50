import Foundation
import Simulation
import Testing

@testable import Tokenize

/// The cursor against Foundation's parser.
@Suite struct JSONDifferentialTests {
  /// Builds a document of every kind of value, with odd spacing and odd strings.
  private func document(_ random: inout SplitMix64, depth: Int = 0) -> String {
    let space = ["", "", " ", "\n", "\t\r "].randomElement(using: &random) ?? ""
    let value: String
    switch Int.random(in: 0..<(depth < 5 ? 10 : 7), using: &random) {
    case 0: value = ["true", "false", "null"].randomElement(using: &random) ?? "null"
    case 1: value = "\(Int.random(in: -5_000_000...5_000_000, using: &random))"
    case 2: value = "\(Double.random(in: -1e10...1e10, using: &random))"
    case 3: value = ["0", "-0", "0e1", "1E-2", "0.5e+3"].randomElement(using: &random) ?? "0"
    case 4...6: value = string(&random)
    case 7, 8:
      let elements = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        document(&random, depth: depth + 1)
      }
      value = "[" + elements.joined(separator: ",") + space + "]"
    default:
      let fields = (0..<Int.random(in: 0...4, using: &random)).map { index in
        "\"\(index)\(string(&random).dropFirst())\(space):" + document(&random, depth: depth + 1)
      }
      value = "{" + space + fields.joined(separator: ",") + "}"
    }
    return space + value + space
  }

  private func string(_ random: inout SplitMix64) -> String {
    let pieces = [
      "a", "word ", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "é", "😀",
      "0123456789abcdef", "\u{7f}", " ",
    ]
    let count = Int.random(in: 0...6, using: &random)
    return "\"" + (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      + "\""
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `valid documents are accepted, and every truncation is judged alike`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<25 {
      let bytes = Array(document(&random).utf8)
      #expect(fault(bytes) == nil)
      for count in 0..<min(bytes.count, 300) {
        let prefix = Array(bytes.prefix(count))
        if fault(prefix) == nil { #expect(foundationAccepts(prefix)) }
      }
    }
  }

  /// Foundation is laxer in one thing: it accepts a comma before a closing bracket.
  ///
  /// Other differences cannot occur here: it takes bytes with zeros for UTF-16 or UTF-32, and skips
  /// a byte order mark.
  @Test(arguments: 1...16 as ClosedRange<UInt64>)
  func `mutated documents are accepted by both or by neither`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let alphabet = Array(#"{}[]",:\/u0123456789abcdefEtrunls+-. "#.utf8) + [0x0a, 0x1f, 0x7f]
    var accepted = 0
    for _ in 0..<300 {
      var bytes = Array(document(&random).utf8)
      for _ in 0..<Int.random(in: 1...2, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        let byte = alphabet.randomElement(using: &random) ?? 0x20
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes[index] = byte
        case 1: bytes.insert(byte, at: index)
        case 2: bytes.remove(at: index)
        default: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &random))
        }
      }
      let ours = decodingFault(bytes)
      guard String(validating: bytes, as: UTF8.self) != nil else { continue }
      if let ours, ours.isTrailingComma(in: bytes) { continue }
      let theirs = foundationAccepts(bytes)
      accepted += ours == nil ? 1 : 0
      #expect(
        (ours == nil) == theirs,
        "\(String(decoding: bytes, as: UTF8.self)): \(String(describing: ours))")
    }
    #expect(accepted > 0)
  }
}
