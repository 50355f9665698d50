import Testing

@testable import Service

@Suite struct YAMLQuantityTests {
  @Test(arguments: [
    ("5s", Duration.seconds(5)), ("200ms", .milliseconds(200)), ("1h30m", .seconds(5400)),
    ("1.5s", .milliseconds(1500)), ("-2us", .microseconds(-2)), ("0", .zero),
    ("+3ns", .nanoseconds(3)),
    ("1m0s", .seconds(60)), (".5s", .milliseconds(500)), ("7µs", .microseconds(7)),
  ]) func `durations are read as Go writes them`(_ text: String, _ expected: Duration) {
    #expect(Duration(goText: text) == expected)
  }

  @Test(arguments: ["", "5", "s", "-", "1.s2", "5 s", "5sm", "1e3s", ".s", "٣s", "999999999h"])
  func `what is no duration is none`(_ text: String) {
    #expect(Duration(goText: text) == nil)
  }

  private func value(_ text: String) throws -> (YAMLValue, YAMLReading) {
    let reading = YAMLReading(file: "f.yaml")
    return (reading.root(try YAMLNode.parse(Array(text.utf8), file: "f.yaml")), reading)
  }

  @Test(arguments: [
    ("500", 500), ("1Gi", 1_073_741_824), ("20M", 2e7), ("1e9", 1e9), ("1.5k", 1500), ("100m", 0.1),
    ("'7'", 7),
  ]) func `quantities are read as Kubernetes writes them`(_ text: String, _ expected: Double) throws
  {
    #expect(try value(text).0.quantity() == expected)
  }

  @Test(arguments: ["-1", "1GiB", "x", "[]", "1ee3", "~"])
  func `what is no quantity is a fault`(_ text: String) throws {
    let (value, reading) = try value(text)
    #expect(value.quantity() == nil)
    #expect(reading.faultCount == 1)
  }

  private static let everything = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude

  private static let numbers: [(String, ClosedRange<Double>, String)] = [
    ("2", 0...5, ""), ("6", 0...5, "expected a number from 0 to 5, not '6'"),
    ("nan", 0...5, "expected a number from 0 to 5, not 'nan'"),
    ("0x10", 0...50, "expected a number from 0 to 50, not '0x10'"),
    ("'2'", 0 ... .greatestFiniteMagnitude, "expected a number from 0 up, not '2'"),
    ("[]", everything, "expected a number, not a list"), ("-1e9", everything, ""),
  ]

  @Test(arguments: numbers)
  func `numbers are finite, plain and in range`(
    _ text: String, _ range: ClosedRange<Double>, _ fault: String
  ) throws {
    let (value, reading) = try value(text)
    #expect((value.number(in: range) == nil) == !fault.isEmpty)
    do throws(YAMLError) {
      try reading.finish()
      #expect(fault.isEmpty)
    } catch {
      #expect(error.faults.map(\.message) == [fault])
    }
  }

  @Test func `a path leads to its value, or as near to it as there is one`() throws {
    let node = try YAMLNode.parse(
      Array("a:\n- b: 1\n  c.d: {e: 2}\n- [x, y]\n".utf8), file: "f.yaml")
    for (path, line, column) in [
      ("", 1, 1), ("a", 2, 1), ("a[0].b", 2, 6), ("a[0].c.d.e", 3, 12), ("a[1][1]", 4, 7),
      ("a[0].c.d.z", 3, 8), ("a[7].b", 2, 1), ("a[x", 2, 1), ("zz", 1, 1),
    ] {
      let mark = node.mark(at: path)
      #expect((mark.line, mark.column) == (line, column), "\(path)")
    }
  }
}
