import Foundation
import Simulation
import Testing

@testable import Tokenize

/// No bytes make the parser trap, and it takes for JSON what Foundation takes for JSON.
@Suite struct InferenceRequestTotalityTests {
  /// Mutations of a sample and seed; twenty seeds make 20,000.
  private static let mutations = 1000

  private static let seeds: Range<UInt64> = {
    let limit = ProcessInfo.processInfo.environment["KV_TEST_SEEDS"].flatMap { UInt64($0) }
    return 0..<min(20, limit ?? 20)
  }()

  @Test(arguments: SampleBody.recorded + SampleBody.rich)
  func `no truncation of a body is accepted, and none traps`(_ sample: SampleBody) {
    for count in 0..<sample.bytes.count {
      #expect(throws: RequestBodyError.self) {
        try InferenceRequest(
          sample.api, parsing: Array(sample.bytes.prefix(count)), keyedBy: .forTests)
      }
    }
  }

  private static let alphabet =
    Array(#"{}[]",:\/u0123456789abcdefEtrunls+-. "#.utf8) + [0x0a, 0xc3]

  private func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.below(2) where !bytes.isEmpty {
      let index = random.below(bytes.count)
      let byte = Self.alphabet[random.below(Self.alphabet.count)]
      switch random.below(5) {
      case 0: bytes[index] = byte
      case 1: bytes.insert(byte, at: index)
      case 2: bytes.remove(at: index)
      case 3: bytes.swapAt(index, random.below(bytes.count))
      default:
        let end = min(index + 1 + random.below(12), bytes.count)
        bytes.insert(contentsOf: Array(bytes[index..<end]), at: random.below(bytes.count))
      }
    }
    return bytes
  }

  /// A body is compared as far as it would be decoded, since the parser skips what it doesn't need:
  /// it doesn't see that a skipped string is not UTF-8, or that a number is beyond `Double`.
  ///
  /// Fields given twice are fine with both. Foundation accepts a comma before a closing bracket.
  @Test(arguments: seeds) func `mutated bodies are JSON to both or to neither`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let estimator = PromptEstimator(blockTokens: 2, seed: 1)
    var accepted = 0
    for sample in SampleBody.rich {
      let original = sample.bytes
      for _ in 0..<Self.mutations {
        let bytes = mutated(original, &random)
        let request = try? InferenceRequest(sample.api, parsing: bytes, keyedBy: .forTests)
        let fault = fault(bytes)
        if let request {
          accepted += 1
          #expect(fault == nil)
          #expect(throws: Never.self) { try estimator.prompts(of: request, body: bytes) }
        }
        guard String(validating: bytes, as: UTF8.self) != nil else { continue }
        let decoding = decodingFault(bytes)
        if let decoding, decoding.isTrailingComma(in: bytes) { continue }
        #expect(
          (decoding == nil) == foundationAccepts(bytes),
          "\(String(decoding: bytes, as: UTF8.self))")
      }
    }
    #expect(accepted > 0)
  }
}
