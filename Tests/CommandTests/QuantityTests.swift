import Testing

@testable import kvindexer

@Suite struct QuantityTests {
  @Test func `counts are grouped in threes`() {
    #expect(
      [0, 999, 1000, -1_234_567].map { Quantity.count($0) } == ["0", "999", "1,000", "-1,234,567"])
    #expect(Quantity.count(nil) == "-")
    #expect([-2, 0, 1500].map { Quantity.difference($0) } == ["-2", "0", "+1,500"])
  }

  @Test func `times have at most two units`() {
    let texts = [0, 0.0124, 0.9994, 1, 59.94, 60, 3599.6, 7500, 100_000].map {
      Quantity.seconds($0)
    }
    #expect(
      texts == [
        "0 ms", "12 ms", "999 ms", "1.0 s", "59.9 s", "1 min 0 s", "1 h 0 min", "2 h 5 min",
        "1 d 3 h",
      ])
  }

  @Test func `bytes take the largest unit`() {
    #expect(
      [0, 1023, 1024, 3 << 30].map { Quantity.bytes($0) } == [
        "0 B", "1023 B", "1.0 KiB", "3.0 GiB",
      ])
  }

  @Test func `a bar is as long as it is asked for`() {
    #expect(Quantity.bar(1, of: 2, columns: 4) == "██░░")
    #expect(Quantity.bar(3, of: 2, columns: 4) == "████")
    #expect(Quantity.bar(5, of: 16, columns: 4) == "█▎░░")
    #expect(Quantity.bar(1, of: nil, columns: 4) == "")
    for part in 0...64 { #expect(Quantity.bar(part, of: 64, columns: 5).count == 5) }
  }

  @Test func `the time of day is in UTC`() {
    #expect(Quantity.timeOfDay(86_400 * 20_000 + 3661.0625) == "01:01:01.063")
  }
}
