/// Says that an answer is not the whole truth.
enum PartialNote {
  static func lines(_ isPartial: Bool?) -> [StyledText] {
    guard isPartial == true else { return [] }
    return [
      "",
      StyledText(
        "The index is too large to be looked at whole: there is more than this.", .doubtful),
    ]
  }
}
