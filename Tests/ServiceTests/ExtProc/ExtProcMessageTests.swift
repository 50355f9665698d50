import Foundation
import Simulation
import Testing

@testable import Service

/// Our messages against those that Python's protobuf makes from `proto/envoy`.
@Suite struct ExtProcMessageTests {
  /// Golden messages by name, as `scripts/envoy/golden.py` prints them.
  private static func golden(_ kind: String) throws -> [String: [UInt8]] {
    let script = Python.scripts.appendingPathComponent("../envoy/golden.py").standardized.path
    let lines = try Subprocess.run("/usr/bin/python3", ["-B", script]).split(separator: "\n")
    return Dictionary(
      uniqueKeysWithValues: lines.map { $0.split(separator: " ") }
        .filter { $0[0] == kind }.map { (String($0[1]), Hex.bytes($0[2])) })
  }

  /// A message in words.
  private func words(_ bytes: [UInt8]) throws -> String {
    try bytes.withUnsafeBytes { bytes in
      let message = try ProcessingRequest(parsing: bytes)
      var words = ""
      switch message.part {
      case nil: words = "nothing"
      case .requestHeaders(let block, let ends): words = "request\(try text(block)) \(ends)"
      case .responseHeaders(let block, let ends): words = "response\(try text(block)) \(ends)"
      case .requestBody(let body, let ends): words = "request \(Hex.text(Array(body))) \(ends)"
      case .responseBody(let body, let ends): words = "response \(Hex.text(Array(body))) \(ends)"
      case .requestTrailers: words = "request trailers"
      case .responseTrailers: words = "response trailers"
      }
      if let subset = message.subset { words += " subset \(subset.joined(separator: ","))" }
      if let modes = message.bodyModes { words += " modes \(modes.request) \(modes.response)" }
      return words
    }
  }

  private func text(_ block: HeaderBlock) throws -> String {
    var block = block
    var text = ""
    while let (name, value) = try block.next() {
      text += " \(String(decoding: name, as: UTF8.self))=\(Hex.text(Array(value)))"
    }
    return text
  }

  @Test func `what Python writes is read`() throws {
    let expected = [
      "request_headers":
        "request :path=\(Hex.text(Array("/v1/completions".utf8))) :method=504f5354 x-empty= "
        + "x-odd=fffe content-length=3132 false modes 4 4",
      "request_headers_last": "request :method=474554 true",
      "request_body": "request 7b7d00ff true",
      "request_body_subset": "request 7b7d false subset 10.0.0.1:8000,[::1]:8000",
      "request_body_no_endpoint": "request  false subset ",
      "request_body_no_list": "request  false",
      "request_trailers": "request trailers",
      "response_headers": "response :status=323030 false",
      "response_body": "response \(Hex.text(Array("data: [DONE]\n\n".utf8))) false",
      "response_trailers": "response trailers",
    ]
    let golden = try Self.golden("ProcessingRequest")
    #expect(golden.keys.sorted() == expected.keys.sorted())
    for (name, bytes) in golden { #expect(try words(bytes) == expected[name], "\(name)") }
  }

  @Test func `what is written is what Python writes`() throws {
    func header(_ name: String, _ value: String) -> HeaderMutation.Header {
      HeaderMutation.Header(name: name, value: value)
    }
    func bytes(_ message: some ProtobufWritable) -> [UInt8] {
      var writer = ProtobufWriter()
      message.write(to: &writer)
      return writer.array()
    }
    func body(_ half: ProcessingResponse.Half, _ text: String, ends: Bool) -> [UInt8] {
      Array(text.utf8).withUnsafeBytes {
        bytes(ProcessingResponse.Body(half: half, bytes: $0, endsStream: ends))
      }
    }
    let mutation = HeaderMutation(
      set: [header("x-a", "1"), header("x-b", "ä")], remove: ["x-secret", "x-other"])
    let scores = [(address: "10.0.0.1:8000", score: 0.75), (address: "10.0.0.2:8000", score: 0)]
    let written: [String: [UInt8]] = [
      "route": bytes(
        ProcessingResponse.Headers(
          half: .request, mutation: mutation, clearsRouteCache: true,
          metadata: DestinationMetadata(destination: "10.0.0.1:8000", scores: scores))),
      "response_headers": bytes(
        ProcessingResponse.Headers(
          half: .response, mutation: HeaderMutation(set: [header("x-a", "1")]))),
      "request_body": body(.request, "{}", ends: true),
      "response_body": body(.response, "x", ends: false),
      "empty_body": body(.request, "", ends: true),
      "request_trailers": bytes(ProcessingResponse.Trailers(half: .request)),
      "response_trailers": bytes(ProcessingResponse.Trailers(half: .response)),
      "immediate": bytes(
        ProcessingResponse.Immediate(
          status: 503, headers: HeaderMutation(set: [header("content-type", "text/plain")]),
          body: "no", details: "epp_no")),
    ]
    let golden = try Self.golden("ProcessingResponse")
    #expect(golden.keys.sorted() == written.keys.sorted())
    for (name, bytes) in written {
      #expect(Hex.text(bytes) == golden[name].map(Hex.text), "\(name)")
    }
  }

  private static let samples = [
    GatewayMessage.headers(
      .request, StreamHarness.post, subset: ["a:1", "b:2"], modes: .init(request: 4, response: 4)),
    GatewayMessage.body(.request, "some text", endsStream: true, subset: ["a:1"]),
    GatewayMessage.trailers(.request),
    GatewayMessage.headers(.response, [(":status", "200"), ("content-type", "application/json")]),
    GatewayMessage.body(.response, #"{"usage":{"prompt_tokens":1}}"#, endsStream: true),
  ]

  @Test func `every beginning of a message is read or refused`() {
    for sample in Self.samples {
      for count in sample.indices {
        let harness = StreamHarness()
        harness.receive(Array(sample.prefix(count)))
      }
    }
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func `messages with faults in any order never trap, and every stream ends`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let harness = StreamHarness()
    for _ in 0..<30 {
      guard var message = Self.samples.randomElement(using: &random) else { return }
      if Int.random(in: 0..<4, using: &random) == 0 {
        message = RandomMessages.mutated(message, &random)
      }
      if harness.receive(message) != nil, Bool.random(using: &random) {
        harness.decide(harness.route())
      }
    }
    harness.stream.cancelled(now: 9)
    harness.decide(harness.route())
    #expect(harness.metrics.streamsInFlight == 0)
    #expect(harness.metrics.decisionsInFlight == 0)
    #expect(harness.context.bodies.heldBytes == 0)
    let ends = harness.exchange.events.filter { if case .ended = $0 { true } else { false } }
    #expect(ends.count == 1 || ends.count == 2)
  }
}
