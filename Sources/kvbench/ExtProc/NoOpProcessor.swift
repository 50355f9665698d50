import Glibc
import Service

/// An ext_proc server that decides nothing: what a gateway and the protocol cost by themselves.
///
/// It answers headers with one destination after the other, and sends bodies back: each piece at
/// once, or all of them after the last, as who has to read the prompt before it can decide.
enum NoOpProcessor {
  static let path = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"

  /// Starts one in a process of its own.
  static func start(
    destinations: [String], waitsForBody: Bool = false, in directory: TemporaryDirectory
  ) throws -> (process: ChildProcess, port: UInt16) {
    let port = try LoopbackSocket.freePorts(1)[0]
    let process = try ChildProcess(
      ProgramPath.own(),
      [
        "extproc-noop", "--port", "\(port)", "--destinations", destinations.joined(separator: ","),
      ] + (waitsForBody ? ["--whole-body"] : []),
      outputFile: directory.path(of: "no-op-\(port).log"))
    try process.waitUntilListening(port)
    return (process, port)
  }

  /// Serves `extproc-noop --port N --destinations HOST:PORT,… [--whole-body]` until a signal comes.
  static func run(_ words: [String]) throws {
    let waitsForBody = words.last == "--whole-body"
    guard words.count == (waitsForBody ? 5 : 4), words[0] == "--port", let port = UInt16(words[1]),
      words[2] == "--destinations"
    else {
      throw SystemError(
        "start",
        reason: "usage: kvbench extproc-noop --port N --destinations HOST:PORT,… [--whole-body]")
    }
    let signal = StopSignal()
    let heads = words[3].split(separator: ",").map { head(destination: String($0)) }
    let next = Counter()
    var router = GRPCRouter()
    router.stream(path) { call in
      next.add()
      return NoOpStream(
        call, head: heads[next.value % heads.count], waitsForBody: waitsForBody)
    }
    let server = try GRPCServer([.tcp(host: "127.0.0.1", port: port)], router: router)
    signal.wait()
    server.stop(waitingAtMost: .seconds(1))
  }

  /// The answer to a request's headers.
  private static func head(destination: String) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.message(1) { writer in
      writer.message(1) { writer in
        writer.boolIfPresent(5, true)
        writer.message(2) { writer in
          writer.message(1) { writer in
            writer.varint(3, 2)
            writer.message(1) { writer in
              writer.string(3, destination)
              writer.string(1, "x-gateway-destination-endpoint")
            }
          }
        }
      }
    }
    return writer.array()
  }
}

/// One request of the server that decides nothing.
private final class NoOpStream: GRPCStreamHandler {
  private static let requestBody: UInt32 = 3

  private let call: GRPCCall
  private let head: [UInt8]
  private let waitsForBody: Bool
  /// Answers that wait for the end of the body.
  private var held: [[UInt8]] = []

  init(_ call: GRPCCall, head: [UInt8], waitsForBody: Bool) {
    self.call = call
    self.head = head
    self.waitsForBody = waitsForBody
  }

  func onMessage(_ message: UnsafeRawBufferPointer) {
    do throws(ProtobufError) {
      try answer(message)
    } catch {
      call.finish(GRPCStatus(.invalidArgument, "\(error)"))
    }
  }

  func onHalfClose() { call.finish() }

  func onCancel() {}

  private func answer(_ message: UnsafeRawBufferPointer) throws(ProtobufError) {
    var cursor = ProtobufCursor(message)
    while let field = try cursor.nextField() {
      switch (field.number, field.type) {
      case (2, .bytes):
        _ = try cursor.bytes()
        if waitsForBody { held.append(head) } else { call.send(head) }
      case (3, .bytes): try answerEmpty(2, &cursor)
      case (4, .bytes): try echo(Self.requestBody, &cursor)
      case (5, .bytes): try echo(4, &cursor)
      case (6, .bytes): try answerEmpty(5, &cursor)
      case (7, .bytes): try answerEmpty(6, &cursor)
      default: try cursor.skip(field.type)
      }
    }
  }

  private func answerEmpty(
    _ field: UInt32, _ cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    _ = try cursor.bytes()
    var writer = ProtobufWriter()
    writer.message(field) { _ in }
    call.send(writer.bytes)
  }

  /// Sends the `HttpBody` that comes next back as a piece of a streamed body.
  private func echo(_ field: UInt32, _ cursor: inout ProtobufCursor) throws(ProtobufError) {
    var body = try cursor.message()
    var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    var isLast = false
    while let field = try body.nextField() {
      switch (field.number, field.type) {
      case (1, .bytes): bytes = try body.bytes()
      case (2, .varint): isLast = try body.bool()
      default: try body.skip(field.type)
      }
    }
    var writer = ProtobufWriter(capacity: bytes.count + 64)
    writer.message(field) { writer in
      writer.message(1) { writer in
        writer.message(3) { writer in
          writer.message(3) { writer in
            writer.boolIfPresent(2, isLast)
            if !bytes.isEmpty { writer.bytes(1, bytes) }
          }
        }
      }
    }
    guard waitsForBody, field == Self.requestBody else {
      call.send(writer.bytes)
      return
    }
    held.append(writer.array())
    guard isLast else { return }
    for message in held { call.send(message) }
    held = []
  }
}
