import Foundation
import Simulation

/// Files of one JSON document a line.
enum JSONLines {
  /// Reads every line of `file` as a `Line`.
  static func read<Line: Decodable>(
    _ type: Line.Type, from file: String
  ) throws(InputFileError) -> [Line] {
    let contents: Data
    do {
      contents = try Data(contentsOf: URL(fileURLWithPath: file))
    } catch {
      throw InputFileError(file: file, reason: "can't be read: \(error.localizedDescription)")
    }
    var lines = contents.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    let decoder = JSONDecoder()
    var documents: [Line] = []
    documents.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() {
      do {
        documents.append(try decoder.decode(Line.self, from: line))
      } catch {
        throw InputFileError(file: file, line: index + 1, reason: reason(of: error))
      }
    }
    return documents
  }

  private static func reason(of error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, let context):
      return "`\(path(context.codingPath + [key]))` is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "`\(path(context.codingPath))` has the wrong type: \(context.debugDescription)"
    case .dataCorrupted(let context):
      let place = context.codingPath.isEmpty ? "" : "`\(path(context.codingPath))`: "
      return place + context.debugDescription
    @unknown default:
      return "\(error)"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
  }
}
