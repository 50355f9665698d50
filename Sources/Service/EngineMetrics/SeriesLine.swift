import Glibc

/// One line of Prometheus text that holds a series, still as it was written.
///
///     name{label="value",…} value [timestamp] [# exemplar]
///
/// It borrows the bytes of the text.
struct SeriesLine {
  /// A label as it was written: its value may have escapes.
  struct Label {
    var name: UnsafeRawBufferPointer
    var value: UnsafeRawBufferPointer
    var hasEscapes: Bool
  }

  private let bytes: UnsafeRawBufferPointer
  private let labelsStart: Int
  /// The number; nil when there is none, or the labels are malformed.
  let value: Double?

  /// Reads a line whose name is `nameCount` bytes long.
  init(_ bytes: UnsafeRawBufferPointer, nameCount: Int) {
    self.bytes = bytes
    var position = Self.skipSpace(bytes, nameCount)
    labelsStart = position
    if position < bytes.count, bytes[position] == UInt8(ascii: "{") {
      position += 1
      while Self.label(bytes, &position) != nil {}
      guard position < bytes.count, bytes[position] == UInt8(ascii: "}") else {
        value = nil
        return
      }
      position += 1
    }
    position = Self.skipSpace(bytes, position)
    var end = position
    while end < bytes.count, !Self.isSpace(bytes[end]) { end += 1 }
    value = Double(String(decoding: bytes[position..<end], as: UTF8.self))
  }

  /// The value of the label `name`; nil when the series has none.
  func label(_ name: [UInt8]) -> String? {
    guard let label = find(name) else { return nil }
    guard label.hasEscapes else { return String(decoding: label.value, as: UTF8.self) }
    var text: [UInt8] = []
    var index = 0
    while index < label.value.count {
      var byte = label.value[index]
      if byte == UInt8(ascii: "\\"), index + 1 < label.value.count {
        index += 1
        byte = label.value[index] == UInt8(ascii: "n") ? 0x0a : label.value[index]
      }
      text.append(byte)
      index += 1
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Whether the series has the label `name` with that value.
  func has(_ name: [UInt8], _ value: [UInt8]) -> Bool {
    guard let label = find(name) else { return false }
    if !label.hasEscapes { return label.value.elementsEqual(value) }
    return self.label(name).map { Array($0.utf8) == value } ?? false
  }

  private func find(_ name: [UInt8]) -> Label? {
    guard labelsStart < bytes.count, bytes[labelsStart] == UInt8(ascii: "{") else { return nil }
    var position = labelsStart + 1
    while let label = Self.label(bytes, &position) {
      if label.name.elementsEqual(name) { return label }
    }
    return nil
  }

  /// The label at `position`, which then is behind it; nil, at what is there, when there is none.
  private static func label(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Label? {
    var start = skipSpace(bytes, position)
    if start < bytes.count, bytes[start] == UInt8(ascii: ",") {
      start = skipSpace(bytes, start + 1)
    }
    position = start
    var end = start
    while end < bytes.count, isName(bytes[end]) { end += 1 }
    let equals = skipSpace(bytes, end)
    guard end > start, equals < bytes.count, bytes[equals] == UInt8(ascii: "=") else { return nil }
    let quote = skipSpace(bytes, equals + 1)
    guard quote < bytes.count, bytes[quote] == UInt8(ascii: "\"") else { return nil }
    var hasEscapes = false
    var index = quote + 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      if bytes[index] == UInt8(ascii: "\\") {
        hasEscapes = true
        index += 1
      }
      index += 1
    }
    guard index < bytes.count else { return nil }
    position = index + 1
    return Label(
      name: UnsafeRawBufferPointer(rebasing: bytes[start..<end]),
      value: UnsafeRawBufferPointer(rebasing: bytes[quote + 1..<index]), hasEscapes: hasEscapes)
  }

  private static func skipSpace(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
    var index = start
    while index < bytes.count, isSpace(bytes[index]) { index += 1 }
    return index
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }
}
