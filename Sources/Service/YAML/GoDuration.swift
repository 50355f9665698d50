extension Duration {
  private static let nanosecondsByUnit: [(unit: String, nanoseconds: Double)] = [
    ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9),
    ("h", 3600e9),
  ]

  /// Reads a duration as Go writes it: `1h30m`, `1.5s`, `200ms`, `0`; nil when it is none, or
  /// longer than 290 years.
  package init?(goText text: String) {
    var rest = text[...]
    let sign: Double = rest.first == "-" ? -1 : 1
    if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
    guard !rest.isEmpty else { return nil }
    if rest == "0" {
      self = .zero
      return
    }
    var nanoseconds = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isWholeNumber || $0 == ".") }
      rest = rest[digits.endIndex...]
      let name = rest.prefix { !($0.isASCII && ($0.isWholeNumber || $0 == ".")) }
      rest = rest[name.endIndex...]
      guard digits.contains(where: { $0 != "." }), let count = Double(digits),
        let unit = Self.nanosecondsByUnit.first(where: { $0.unit == name })
      else { return nil }
      nanoseconds += count * unit.nanoseconds
    }
    guard let whole = Int64(exactly: (sign * nanoseconds).rounded()) else { return nil }
    self = .nanoseconds(whole)
  }
}
