import Foundation
import Testing
import Tokenize

@Suite struct JSONWriterTests {
  private func text(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func `objects and arrays nest without stray commas`() {
    let result = text { writer in
      writer.object { writer in
        writer.field("a", 1)
        writer.field("b") { $0.array { _ in } }
        writer.field("c") { writer in
          writer.array { writer in
            writer.object { _ in }
            writer.object { $0.field("d", nil as String?) }
            writer.bool(true)
          }
        }
        writer.field("e", 0.5)
        writer.field("f", "x")
        writer.field("g", false)
        writer.field("h") { writer in
          Array("[1]".utf8).withUnsafeBytes { writer.raw($0) }
        }
      }
    }
    #expect(
      result == #"{"a":1,"b":[],"c":[{},{"d":null},true],"e":0.5,"f":"x","g":false,"h":[1]}"#)
  }

  @Test func `every scalar below 256 survives a round trip`() throws {
    let original =
      String(String.UnicodeScalarView((0..<256).compactMap { UnicodeScalar($0) })) + "😀"
    let written = text { writer in writer.array { $0.string(original) } }
    #expect(try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String] == [original])
    #expect(
      try reading(written) { cursor in
        try cursor.beginArray()
        _ = try cursor.nextElement()
        return try cursor.string()
      } == original)
  }

  @Test func `a byte that needs an escape is found at every place of a string`() throws {
    for special in ["\"", "\\", "\n", "\u{1}", "\u{1f}", "é", "\u{7f}"] {
      for before in 0...20 {
        for after in [0, 1, 7, 8, 9, 40] {
          let original =
            String(repeating: "x", count: before) + special + String(repeating: "y", count: after)
          let written = text { writer in
            writer.object { writer in
              writer.field(original, original)
              writer.field("n", 1)
            }
          }
          let read = try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String: Any]
          #expect(read?[original] as? String == original)
          #expect(read?.count == 2)
        }
      }
    }
  }

  @Test func `a text outgrows its capacity many times over`() throws {
    let long = String(repeating: "plain \" text ", count: 20_000)
    let values = Array(0..<2000)
    var writer = JSONWriter(capacity: 0)
    writer.array { writer in
      writer.string(long)
      for value in values { writer.integer(value) }
    }
    let read = try JSONSerialization.jsonObject(with: Data(writer.bytes)) as? [Any]
    #expect(read?.first as? String == long)
    #expect(read?.dropFirst().compactMap { $0 as? Int } == values)
  }

  @Test func `integers around every power of ten are written in full`() {
    var power = 1
    for _ in 0..<19 {
      for value in [power - 1, power, power + 1, -power, 1 - power] {
        #expect(text { $0.integer(value) } == "\(value)")
      }
      power = power.multipliedReportingOverflow(by: 10).partialValue
    }
  }

  @Test(arguments: [0, 1, -1, 10, 1_234_567_890, Int.max, Int.min])
  func `integers are written in full`(_ value: Int) {
    #expect(text { $0.integer(value) } == "\(value)")
  }

  @Test(arguments: [
    (0.1, "0.1"), (1e-7, "1e-07"), (-.infinity, "null"), (.nan, "null"), (3, "3.0"), (0, "0.0"),
    (-0.0, "-0.0"), (-7, "-7.0"), (1e10, "10000000000.0"), (1e300, "1e+300"),
  ])
  func `doubles are JSON numbers or null`(_ value: Double, _ expected: String) {
    #expect(text { $0.double(value) } == expected)
  }
}
