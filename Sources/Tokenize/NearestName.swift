/// The candidate that `name` is most likely a misspelling of, for messages; nil when none is near.
///
/// Near means an edit distance of at most a third of the longer name, letter case ignored.
package func nearestName(to name: String, among candidates: [String]) -> String? {
  let given = Array(name.lowercased().unicodeScalars.prefix(64))
  var best: (name: String, distance: Int)?
  for candidate in candidates {
    let target = Array(candidate.lowercased().unicodeScalars)
    let distance = editDistance(given, target)
    guard distance <= max(given.count, target.count) / 3 else { continue }
    if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
  }
  return best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
private func editDistance(_ a: [UnicodeScalar], _ b: [UnicodeScalar]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var distance = last[j] + (a[i] == b[j] ? 0 : 1)
      distance = min(distance, row[j] + 1, last[j + 1] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        distance = min(distance, beforeLast[j - 1] + 1)
      }
      row.append(distance)
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}
