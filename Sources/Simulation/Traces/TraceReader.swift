import KVIndexer
import Tokenize

/// Reads traces as Mooncake publishes them: a JSON object a line.
///
///     {"timestamp": 3000, "input_length": 1100, "output_length": 20, "hash_ids": [0, 17, 18]}
///
/// `timestamp` is in milliseconds and never goes back, lengths are in tokens, and `hash_ids` has an
/// id for every started block of the prompt. An id has to name its whole prefix, so it always
/// follows the same id: where it does not, the numbers of a simulation would mean nothing.
package struct TraceReader {
  /// The most requests, and blocks over all of them, that are read.
  package static let requestsMax = 4 << 20
  package static let blocksMax = 256 << 20

  private let file: String
  private var trace: Trace
  /// Our number of each id of the file.
  private var numbers: [Int: TokenID] = [:]
  /// By number: what the block follows, and the line that said so.
  private var parents: [(number: TokenID?, line: Int)] = []
  private var line = 0

  /// One line, before it is looked at.
  private struct Fields {
    var timestamp: Double?
    var inputLength: Int?
    var outputLength: Int?
    var ids: [Int] = []
    var hasIDs = false
  }

  private init(file: String, blockTokens: Int) {
    self.file = file
    // Reports are passed on; where a file was is nobody's business.
    let name = file.split(separator: "/").last.map(String.init) ?? file
    trace = Trace(name: name, blockTokens: blockTokens)
  }

  /// Reads a trace.
  ///
  /// - Parameters:
  ///   - text: The file's content; empty lines are skipped.
  ///   - file: Its name, for errors.
  ///   - blockTokens: Tokens that an id stands for.
  package static func read(
    _ text: UnsafeRawBufferPointer, file: String, blockTokens: Int
  ) throws(InputFileError) -> Trace {
    var reader = TraceReader(file: file, blockTokens: blockTokens)
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
      reader.line += 1
      let line = UnsafeRawBufferPointer(rebasing: text[start..<end])
      if !line.allSatisfy({ $0 == 0x20 || $0 == 0x0d || $0 == 0x09 }) { try reader.add(line) }
      start = end + 1
    }
    guard !reader.trace.requests.isEmpty else {
      throw InputFileError(
        file: file,
        reason: "there is no request in it; a line looks like {\"timestamp\": 0, "
          + "\"input_length\": 700, \"output_length\": 20, \"hash_ids\": [0, 1]}")
    }
    reader.trace.resolution = reader.resolution()
    return reader.trace
  }

  private mutating func add(_ text: UnsafeRawBufferPointer) throws(InputFileError) {
    let fields: Fields
    do throws(JSONError) {
      fields = try Self.fields(text)
    } catch {
      throw fault("column \(error.offset + 1): \(error.message)")
    }
    guard let timestamp = fields.timestamp else { throw fault("\"timestamp\" is missing") }
    guard let input = fields.inputLength else { throw fault("\"input_length\" is missing") }
    guard fields.hasIDs else { throw fault("\"hash_ids\" is missing") }
    let output = fields.outputLength ?? 1
    guard input >= 1, input <= Int(Int32.max) else {
      throw fault("\"input_length\" is \(input); a prompt has from 1 to \(Int32.max) tokens")
    }
    guard output >= 0, output <= Int(Int32.max) else {
      throw fault("\"output_length\" is \(output); an answer has from 0 to \(Int32.max) tokens")
    }
    try check(blocks: fields.ids.count, input: input)
    let time = try nanoseconds(timestamp)
    let blocks = try numbered(fields.ids)
    guard trace.requests.count < Self.requestsMax,
      trace.ids.count + blocks.count <= Self.blocksMax
    else {
      throw fault("at most \(Self.requestsMax) requests and \(Self.blocksMax) blocks are read")
    }
    trace.append(time: time, promptTokens: input, outputTokens: output, blocks: blocks)
  }

  private static func fields(_ text: UnsafeRawBufferPointer) throws(JSONError) -> Fields {
    var cursor = JSONCursor(text)
    var fields = Fields()
    try cursor.beginObject()
    while let key = try cursor.nextKey() {
      if key == "timestamp" {
        fields.timestamp = try cursor.double()
      } else if key == "input_length" {
        fields.inputLength = try cursor.integer()
      } else if key == "output_length" {
        fields.outputLength = try cursor.integer()
      } else if key == "hash_ids" {
        fields.hasIDs = true
        try cursor.beginArray()
        while try cursor.nextElement() { fields.ids.append(try cursor.integer()) }
      } else {
        try cursor.skipValue()
      }
    }
    try cursor.finish()
    return fields
  }

  private func check(blocks: Int, input: Int) throws(InputFileError) {
    let size = trace.blockTokens
    guard blocks != (input + size - 1) / size else { return }
    let fitting = blocks > 0 ? (input + blocks - 1) / blocks : 0
    throw fault(
      "\(blocks) hash_ids for \(input) tokens in blocks of \(size), which are "
        + "\((input + size - 1) / size)"
        + (fitting > 0 ? "; is --block-tokens about \(fitting)?" : ""))
  }

  private func nanoseconds(_ milliseconds: Double) throws(InputFileError) -> UInt64 {
    guard milliseconds >= 0, milliseconds < 1e12 else {
      throw fault("\"timestamp\" is \(milliseconds); it counts milliseconds from 0")
    }
    let time = UInt64(milliseconds * 1e6)
    guard time >= trace.requests.last?.time ?? 0 else {
      throw fault("\"timestamp\" is earlier than in the line before; sort the file by it")
    }
    return time
  }

  /// Our numbers of a prompt's ids.
  private mutating func numbered(_ ids: [Int]) throws(InputFileError) -> [TokenID] {
    var blocks: [TokenID] = []
    blocks.reserveCapacity(ids.count)
    for (index, id) in ids.enumerated() {
      let parent = blocks.last
      if let number = numbers[id] {
        let known = parents[Int(number)]
        guard known.number == parent else {
          throw fault(
            "id \(id) follows \(index == 0 ? "nothing" : "id \(ids[index - 1])") here, and "
              + "something else in line \(known.line); an id has to name its whole prefix")
        }
        blocks.append(number)
      } else {
        let number = TokenID(parents.count)
        numbers[id] = number
        parents.append((parent, line))
        blocks.append(number)
      }
    }
    return blocks
  }

  /// The usual step of the clock, if it is so coarse that requests share their times.
  private func resolution() -> UInt64 {
    let times = trace.requests.map(\.time)
    var steps: [UInt64] = []
    for (time, next) in zip(times, times.dropFirst()) where next > time {
      steps.append(next - time)
    }
    guard 2 * steps.count < times.count, !steps.isEmpty else { return 0 }
    steps.sort()
    return steps[steps.count / 2]
  }

  private func fault(_ reason: String) -> InputFileError {
    InputFileError(file: file, line: line, reason: reason)
  }
}
