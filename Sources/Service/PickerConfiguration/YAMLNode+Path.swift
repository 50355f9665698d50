package import Tokenize

extension YAMLNode {
  /// Where the value at `path` stands, or the innermost one on the way that is there.
  ///
  /// - Parameter path: Such as `plugins[2].parameters.lruSize`, as readings make them.
  package func mark(at path: String) -> TextPosition {
    let rest = path.hasPrefix(".") ? path.dropFirst() : path[...]
    switch content {
    case .mapping(let entries):
      for entry in entries where rest.hasPrefix(entry.key) {
        let after = rest.dropFirst(entry.key.count)
        guard after.isEmpty || after.hasPrefix(".") || after.hasPrefix("[") else { continue }
        return entry.value.mark(at: String(after))
      }
    case .sequence(let elements):
      guard let end = rest.firstIndex(of: "]"), rest.hasPrefix("["),
        let index = Int(rest[rest.index(after: rest.startIndex)..<end]),
        elements.indices.contains(index)
      else { break }
      return elements[index].mark(at: String(rest[rest.index(after: end)...]))
    case .scalar: break
    }
    return mark
  }
}
