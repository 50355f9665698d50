import Simulation
import Testing

@testable import Service

/// The parts below a call: messages out of bytes, headers, times.
@Suite struct GRPCFramingTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func `messages come out as they went in, however they are cut`(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let messages = (0..<40).map { _ in
      (0..<Int.random(in: 0...Int.random(in: 0...3000, using: &random), using: &random)).map {
        _ in UInt8.random(in: 0...255, using: &random)
      }
    }
    let bytes = messages.flatMap { message -> [UInt8] in
      [0] + withUnsafeBytes(of: UInt32(message.count).bigEndian) { Array($0) } + message
    }
    var reader = GRPCMessageReader(messageBytesMax: 3000)
    var found: [[UInt8]] = []
    var place = 0
    while place < bytes.count {
      let size = Int.random(in: 1...Int.random(in: 1...5000, using: &random), using: &random)
      let end = min(bytes.count, place + size)
      try bytes[place..<end].withUnsafeBytes { bytes in
        var chunk = bytes
        while !chunk.isEmpty {
          guard let message = try reader.next(&chunk) else { continue }
          found.append([UInt8](message))
          guard Bool.random(using: &random) else { continue }
          reader.hold(message)
          let held = reader.heldMessage.map { [UInt8]($0) }
          #expect(held == found.last)
        }
      }
      place = end
    }
    #expect(found == messages)
    let isBetweenMessages = reader.isBetweenMessages
    #expect(isBetweenMessages)
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func `a buffer gives back what it was given`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var buffer = ByteBuffer()
    var model: [UInt8] = []
    for _ in 0..<500 {
      if Bool.random(using: &random) {
        let size = Int.random(in: 0...Int.random(in: 0...40_000, using: &random), using: &random)
        let bytes = [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: size)
        bytes.withUnsafeBytes { buffer.append($0) }
        buffer.append(1)
        buffer.append(bigEndian: 0x0203_0405)
        model += bytes + [1, 2, 3, 4, 5]
      } else {
        let size = Int.random(in: 0...model.count, using: &random)
        buffer.consume(size)
        model.removeFirst(size)
      }
      let bytes = [UInt8](buffer.bytes)
      #expect(bytes == model)
    }
  }

  @Test(arguments: [
    ("1n", 1), ("100m", 100_000_000), ("20u", 20_000), ("3S", 3_000_000_000),
    ("2M", 120_000_000_000), ("1H", 3_600_000_000_000), ("99999999H", UInt64.max),
    ("00000001n", 1), ("", nil), ("1", nil), ("m", nil), ("1s", nil), ("-1m", nil),
    ("123456789n", nil), ("1.5S", nil), ("1 m", nil),
  ])
  func `timeouts are a number and a unit`(_ text: String, _ nanoseconds: UInt64?) {
    let parsed = Array(text.utf8).withUnsafeBytes { GRPCTimeout.nanoseconds($0) }
    #expect(parsed == nanoseconds)
  }

  @Test(arguments: ["", "plain", "100% ü\n\u{7f}", "%41", "日本語 😀"])
  func `messages of statuses survive the trip`(_ text: String) {
    let encoded = GRPCStatus(.internal, text).encodedMessage
    #expect(encoded.allSatisfy { (0x20...0x7e).contains($0) })
    #expect(encoded.withUnsafeBytes { GRPCStatus.decodedMessage($0) } == text)
  }

  @Test func `a message too long for a header is cut between characters`() {
    let encoded = GRPCStatus(.internal, String(repeating: "ü日", count: 1000)).encodedMessage
    let decoded = encoded.withUnsafeBytes { GRPCStatus.decodedMessage($0) }
    #expect(decoded == String(repeating: "ü日", count: 204) + "ü")
  }

  @Test func `broken escapes stand for themselves`() {
    for text in ["%", "%4", "%zz", "a%"] {
      #expect(Array(text.utf8).withUnsafeBytes { GRPCStatus.decodedMessage($0) } == text)
    }
  }

  @Test func `metadata is found by name, the first value first`() {
    var metadata = GRPCMetadata()
    #expect(metadata["a"] == nil)
    for (name, value) in [("a", "1"), ("ab", ""), ("b", "2"), ("a", "3")] {
      Array(name.utf8).withUnsafeBytes { name in
        Array(value.utf8).withUnsafeBytes { metadata.append(name: name, value: $0) }
      }
    }
    #expect(metadata["a"] == "1")
    #expect(metadata["ab"] == "")
    #expect(metadata["b"] == "2")
    #expect(metadata["abc"] == nil)
  }
}
