import Foundation

@testable import Tokenize

/// Whether Foundation takes `bytes` for JSON.
func foundationAccepts(_ bytes: [UInt8]) -> Bool {
  (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
}

/// The error of reading the whole of a text, strings and numbers decoded; nil when it is JSON.
func decodingFault(_ bytes: [UInt8]) -> JSONError? {
  func read(_ cursor: inout JSONCursor) throws(JSONError) {
    switch try cursor.kind() {
    case .object:
      try cursor.beginObject()
      while try cursor.nextKey() != nil { try read(&cursor) }
    case .array:
      try cursor.beginArray()
      while try cursor.nextElement() { try read(&cursor) }
    case .string: _ = try cursor.string()
    case .number: _ = try cursor.double()
    case .bool: _ = try cursor.bool()
    case .null: _ = try cursor.null()
    }
  }
  return bytes.withUnsafeBytes { bytes in
    var cursor = JSONCursor(bytes)
    do throws(JSONError) {
      try read(&cursor)
      try cursor.finish()
      return nil
    } catch {
      return error
    }
  }
}

extension JSONError {
  /// Whether a comma before a closing bracket is at fault, which Foundation accepts.
  func isTrailingComma(in bytes: [UInt8]) -> Bool {
    guard case .unexpectedByte(let byte, _) = fault else { return false }
    let before = bytes[..<offset].last { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }
    return (byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")) && before == UInt8(ascii: ",")
  }
}
