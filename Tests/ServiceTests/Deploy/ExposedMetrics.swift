/// What pages of metrics have: series by name, with the values of their labels.
struct ExposedMetrics {
  /// By series, such as `x_bucket`, and label.
  private(set) var series: [String: [String: Set<String>]] = [:]

  /// Takes what a page has.
  mutating func add(_ page: String) {
    for line in page.split(separator: "\n") {
      if line.hasPrefix("# TYPE ") {
        // A family without a sample has no labels, and is there all the same.
        let words = line.split(separator: " ")
        guard words.count == 4 else { continue }
        let suffixes = words[3] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        for suffix in suffixes { series[words[2] + suffix, default: [:]].merge([:]) { $1 } }
      } else if !line.hasPrefix("#") {
        add(sample: line)
      }
    }
  }

  private mutating func add(sample line: Substring) {
    let name = line.prefix { $0 != "{" && $0 != " " }
    var rest = line[name.endIndex...]
    series[String(name), default: [:]].merge([:]) { $1 }
    guard rest.first == "{" else { return }
    rest.removeFirst()
    while let equals = rest.firstIndex(of: "="), rest.first != "}" {
      let label = String(rest[..<equals].drop { $0 == "," })
      rest = rest[rest.index(equals, offsetBy: 2)...]
      guard let quote = rest.firstIndex(of: "\"") else { return }
      series[String(name)]?[label, default: []].insert(String(rest[..<quote]))
      rest = rest[rest.index(after: quote)...]
    }
  }
}
