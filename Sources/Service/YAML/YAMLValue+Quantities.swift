extension YAMLValue {
  /// A finite number, without quotes.
  package func number(in range: ClosedRange<Double>) -> Double? {
    guard case .scalar(let text, isPlain: true) = node.content, let value = Double(text),
      value.isFinite, range.contains(value), !text.contains(where: { "xXpP".contains($0) })
    else {
      reject("expected \(Self.phrase(range)), not \(node.phrase)")
      return nil
    }
    return value
  }

  private static func phrase(_ range: ClosedRange<Double>) -> String {
    func text(_ bound: Double) -> String {
      Int(exactly: bound).map(String.init) ?? "\(bound)"
    }
    let (lower, upper) = (range.lowerBound, range.upperBound)
    if lower == -.infinity || lower == -.greatestFiniteMagnitude { return "a number" }
    if upper == .greatestFiniteMagnitude { return "a number from \(text(lower)) up" }
    return "a number from \(text(lower)) to \(text(upper))"
  }

  /// A duration as Go writes it, not negative: `5s`, `1m30s`, `200ms`.
  package func duration() -> Duration? {
    guard case .scalar(let text, _) = node.content, let value = Duration(goText: text),
      value >= .zero
    else {
      reject("expected a duration such as 5s, 1m30s or 200ms, not \(node.phrase)")
      return nil
    }
    return value
  }

  private static let factors: [(suffix: String, factor: Double)] = [
    ("Ki", 0x1p10), ("Mi", 0x1p20), ("Gi", 0x1p30), ("Ti", 0x1p40), ("Pi", 0x1p50),
    ("Ei", 0x1p60), ("m", 1e-3), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15),
    ("E", 1e18), ("", 1),
  ]

  /// A quantity as Kubernetes writes it, not negative: `500`, `1Gi`, `20M`, `1e9`.
  package func quantity() -> Double? {
    if case .scalar(let text, _) = node.content, text.first?.isWholeNumber == true {
      for (suffix, factor) in Self.factors where text.hasSuffix(suffix) {
        let digits = text.dropLast(suffix.count)
        guard digits.allSatisfy({ "0123456789.eE+-".contains($0) }), let value = Double(digits)
        else { break }
        return value * factor
      }
    }
    reject("expected a quantity such as 500, 1Gi or 20M, not \(node.phrase)")
    return nil
  }
}
