/// Finds the fields of interest in JSON that comes in chunks, cut anywhere.
///
/// It keeps no more of a chunk than a key that is cut, and follows strings and brackets only: what
/// is not JSON makes it find nothing more, or something wrong, but never fail. Keys that are
/// written with escapes are not recognised.
struct ResponseFieldScanner: Sendable {
  enum Event: Equatable {
    case entered(ResponseObject)
    case number(UsageNumber, Int)
    /// The text of the model's name comes next.
    case model
  }

  /// Where in the JSON the next byte is.
  private enum State: UInt8 {
    /// Outside of all objects.
    case outside
    /// In an object of interest, where a key may come.
    case key
    case keyText
    case keyEscape
    case colon
    case value
    /// In digits of a number of interest, bare or in quotes.
    case digits
    case quotedDigits
    /// In a number of no interest, `true`, `false` or `null`.
    case scalar
    case text
    case escape
    /// In brackets of no interest.
    case skipped
    /// In what is no JSON.
    case lost
  }

  /// No key of interest is longer.
  private static let keyBytesMax = 32
  private static let digitsMax = 15

  private var state = State.outside
  /// The open objects of interest, four bits each, the innermost lowest.
  private var objects: UInt32 = 0
  /// Open brackets of no interest.
  private var nesting = 0
  private var field: ResponseField?
  /// The beginning of a key that a chunk's end cut.
  private var cutKey: [UInt8] = []
  private var number = 0
  /// Digits of it so far; more than the maximum for what is no number.
  private var digitCount = 0

  /// Forgets everything: what comes next begins anew.
  mutating func reset() {
    state = .outside
    objects = 0
    nesting = 0
    cutKey.removeAll(keepingCapacity: true)
  }

  /// Moves `index` to behind the next event; to the end of `bytes` when there is none.
  mutating func next(_ bytes: UnsafeRawBufferPointer, from index: inout Int) -> Event? {
    while index < bytes.count {
      switch state {
      case .text: skipText(bytes, &index)
      case .skipped: skipBrackets(bytes, &index)
      case .keyText: takeKey(bytes, &index)
      case .escape:
        state = .text
        index += 1
      case .keyEscape:
        state = .keyText
        index += 1
      case .lost: index = bytes.count
      case .digits, .quotedDigits:
        if let event = takeDigits(bytes, &index) { return event }
      default:
        let byte = bytes[index]
        if let event = take(byte, &index) { return event }
      }
    }
    return nil
  }

  /// Takes a byte of those between the long runs.
  private mutating func take(_ byte: UInt8, _ index: inout Int) -> Event? {
    let isSpace = byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    switch state {
    case .outside:
      index += 1
      if byte == UInt8(ascii: "{") {
        enter(.document)
      } else if byte == UInt8(ascii: "\"") {
        state = .lost
      }
    case .key:
      index += 1
      takeBetweenKeys(byte, isSpace: isSpace)
    case .colon:
      index += 1
      if byte == UInt8(ascii: ":") { state = .value } else if !isSpace { state = .lost }
    case .value:
      if isSpace { index += 1 } else { return beginValue(byte, &index) }
    default:
      // A scalar ends before what follows it.
      if isSpace || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") {
        state = .key
      } else {
        index += 1
      }
    }
    return nil
  }

  private mutating func takeBetweenKeys(_ byte: UInt8, isSpace: Bool) {
    switch byte {
    case UInt8(ascii: "\""): state = .keyText
    case UInt8(ascii: "}"):
      objects >>= 4
      state = objects == 0 ? .outside : .key
    case UInt8(ascii: ","): break
    default: if !isSpace { state = .lost }
    }
  }

  private mutating func enter(_ object: ResponseObject) {
    objects = objects << 4 | UInt32(object.rawValue)
    state = .key
  }

  private mutating func beginValue(_ byte: UInt8, _ index: inout Int) -> Event? {
    let field = self.field
    self.field = nil
    switch (byte, field) {
    case (UInt8(ascii: "{"), .object(let object)):
      index += 1
      enter(object)
      return .entered(object)
    case (UInt8(ascii: "{"), _), (UInt8(ascii: "["), _):
      index += 1
      nesting = 1
      state = .skipped
    case (UInt8(ascii: "\""), .number(let number)):
      index += 1
      beginDigits(number, .quotedDigits)
    case (UInt8(ascii: "0")...UInt8(ascii: "9"), .number(let number)):
      beginDigits(number, .digits)
    case (UInt8(ascii: "\""), _):
      index += 1
      state = .text
      if case .model = field { return .model }
    case (UInt8(ascii: "}"), _), (UInt8(ascii: "]"), _), (UInt8(ascii: ","), _): state = .lost
    default: state = .scalar
    }
    return nil
  }

  // MARK: Runs

  private mutating func skipText(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) {
    index = Self.plainTextEnd(bytes, from: index)
    guard index < bytes.count else { return }
    switch bytes[index] {
    case UInt8(ascii: "\""): state = nesting > 0 ? .skipped : .key
    case UInt8(ascii: "\\"): state = .escape
    // A control character, which should have been escaped.
    default: break
    }
    index += 1
  }

  private mutating func skipBrackets(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) {
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        state = .text
        return
      case UInt8(ascii: "{"), UInt8(ascii: "["): nesting += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        nesting -= 1
        guard nesting > 0 else {
          state = .key
          return
        }
      default: break
      }
    }
  }

  private mutating func takeKey(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) {
    let start = index
    index = Self.plainTextEnd(bytes, from: index)
    let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<index])
    guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
      keep(piece)
      guard index < bytes.count else { return }
      // An escape or a control character: not a key of interest.
      keep(UnsafeRawBufferPointer(rebasing: bytes[index...index]))
      if bytes[index] == UInt8(ascii: "\\") { state = .keyEscape }
      index += 1
      return
    }
    index += 1
    state = .colon
    let object = ResponseObject(rawValue: UInt8(objects & 15))
    if cutKey.isEmpty {
      field = object?.field(piece)
    } else {
      keep(piece)
      field = cutKey.withUnsafeBytes { object?.field($0) }
      cutKey.removeAll(keepingCapacity: true)
    }
  }

  private mutating func keep(_ piece: UnsafeRawBufferPointer) {
    cutKey.append(contentsOf: piece.prefix(Self.keyBytesMax - cutKey.count))
  }

  /// The next quote, backslash or control character, or the end.
  private static func plainTextEnd(_ bytes: UnsafeRawBufferPointer, from index: Int) -> Int {
    var cursor = JSONCursor(bytes, at: index)
    cursor.skipPlainBytes()
    return cursor.offset
  }

  // MARK: Numbers

  private mutating func beginDigits(_ number: UsageNumber, _ state: State) {
    field = .number(number)
    self.number = 0
    digitCount = 0
    self.state = state
  }

  private mutating func takeDigits(
    _ bytes: UnsafeRawBufferPointer, _ index: inout Int
  ) -> Event? {
    while index < bytes.count {
      let byte = bytes[index]
      let digit = byte &- UInt8(ascii: "0")
      if digit < 10, digitCount < Self.digitsMax {
        number = number * 10 + Int(digit)
        digitCount += 1
        index += 1
        continue
      }
      switch (state, byte) {
      case (.quotedDigits, UInt8(ascii: "\"")):
        index += 1
        return endDigits()
      case (.digits, UInt8(ascii: ",")), (.digits, UInt8(ascii: "}")), (.digits, 0x20),
        (.digits, 0x09), (.digits, 0x0a), (.digits, 0x0d):
        return endDigits()
      default:
        // No count: a fraction, a word, or too many digits.
        state = state == .digits ? .scalar : .text
        field = nil
        return nil
      }
    }
    return nil
  }

  private mutating func endDigits() -> Event? {
    state = .key
    guard case .number(let name) = field, digitCount > 0 else { return nil }
    field = nil
    return .number(name, number)
  }
}
