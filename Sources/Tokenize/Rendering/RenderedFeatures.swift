/// Reads the media of a prompt from the `features` of an answer.
enum RenderedFeatures {
  private struct Placeholder {
    var offset: Int
    var length: Int
  }

  /// Hashes paired with their placeholders, in the order of their offsets.
  static func read(_ cursor: inout JSONCursor) throws(AnswerError) -> [PromptFeature] {
    guard try !cursor.isNull() else { return [] }
    var hashes: [String: [String]] = [:]
    var placeholders: [String: [Placeholder]] = [:]
    try cursor.object { cursor, key throws(AnswerError) in
      if key == "mm_hashes" {
        hashes = try lists(&cursor) { cursor throws(AnswerError) in try cursor.text() }
      } else if key == "mm_placeholders" {
        placeholders = try lists(&cursor, placeholder)
      } else {
        try cursor.skip()
      }
    }
    return try paired(hashes, placeholders)
  }

  private static func paired(
    _ hashes: [String: [String]], _ placeholders: [String: [Placeholder]]
  ) throws(AnswerError) -> [PromptFeature] {
    var features: [PromptFeature] = []
    for modality in Set(hashes.keys).union(placeholders.keys).sorted() {
      let hashes = hashes[modality] ?? []
      let places = placeholders[modality] ?? []
      guard hashes.count == places.count else {
        throw AnswerError(
          clause: "\(hashes.count) hashes and \(places.count) placeholders of one modality")
      }
      for (hash, place) in zip(hashes, places) {
        features.append(
          PromptFeature(modality: modality, hash: hash, offset: place.offset, length: place.length))
      }
    }
    // The order of equal offsets must not depend on anything but the answer: the sort is stable.
    return features.sorted { $0.offset < $1.offset }
  }

  /// An object of lists, by modality; null counts as empty.
  private static func lists<Element>(
    _ cursor: inout JSONCursor,
    _ element: (inout JSONCursor) throws(AnswerError) -> Element
  ) throws(AnswerError) -> [String: [Element]] {
    guard try !cursor.isNull() else { return [:] }
    var lists: [String: [Element]] = [:]
    try cursor.object { cursor, key throws(AnswerError) in
      let modality = key.text
      var elements: [Element] = []
      try cursor.array { cursor throws(AnswerError) in elements.append(try element(&cursor)) }
      lists[modality] = elements
    }
    return lists
  }

  private static func placeholder(
    _ cursor: inout JSONCursor
  ) throws(AnswerError) -> Placeholder {
    var offset: UInt32?
    var length: UInt32?
    try cursor.object { cursor, key throws(AnswerError) in
      if key == "offset" {
        offset = try cursor.number()
      } else if key == "length" {
        length = try cursor.number()
      } else {
        try cursor.skip()
      }
    }
    guard let offset, let length else {
      throw AnswerError(clause: "a placeholder without offset or length")
    }
    return Placeholder(offset: Int(offset), length: Int(length))
  }
}
