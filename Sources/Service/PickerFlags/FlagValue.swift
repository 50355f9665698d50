/// Values of flags in the spelling of Go's flag packages.
enum FlagValue {
  /// Reads what Go's `strconv.ParseBool` does.
  static func bool(_ text: String, of name: String) throws(PickerFlagError) -> Bool {
    switch text {
    case "1", "t", "T", "true", "TRUE", "True": return true
    case "0", "f", "F", "false", "FALSE", "False": return false
    default: throw PickerFlagError("--\(name) takes true or false, not '\(text)'")
    }
  }

  static func integer(_ text: String, of name: String) throws(PickerFlagError) -> Int {
    guard let value = Int(text) else {
      throw PickerFlagError("--\(name) takes a number, not '\(text)'")
    }
    return value
  }

  /// Reads a positive time such as `50ms`, `1.5s` or `1h30m`.
  static func duration(_ text: String, of name: String) throws(PickerFlagError) -> Duration {
    guard let duration = Duration(goText: text), duration > .zero else {
      throw PickerFlagError("--\(name) takes a time such as 50ms, 1.5s or 1h30m, not '\(text)'")
    }
    return duration
  }

  // MARK: Sizes

  private static let multiples: [String: Double] = [
    "": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 0x1p10, "Mi": 0x1p20,
    "Gi": 0x1p30, "Ti": 0x1p40,
  ]

  /// Reads a number of bytes such as `4194304`, `25MB` or `10MiB`; the `B` may be left out.
  static func bytes(
    _ text: String, of name: String, in range: ClosedRange<Int>
  ) throws(PickerFlagError) -> Int {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    var suffix = String(text.dropFirst(digits.count))
    if suffix.hasSuffix("B") { suffix.removeLast() }
    guard let number = Double(digits), let multiple = multiples[suffix] else {
      throw PickerFlagError("--\(name) takes a size such as 10MiB or 25MB, not '\(text)'")
    }
    let bytes = number * multiple
    guard Double(range.lowerBound)...Double(range.upperBound) ~= bytes else {
      throw PickerFlagError(
        "--\(name) takes from \(range.lowerBound) to \(range.upperBound) bytes, not '\(text)'")
    }
    return Int(bytes)
  }
}
