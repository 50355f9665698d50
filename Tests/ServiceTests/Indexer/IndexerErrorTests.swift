import KVIndexer
import Service
import Testing

/// Every answer that is an error: its status, its type, and that it says what to do.
@Suite(.serialized) struct IndexerErrorTests {
  private func harness() throws -> (ServiceHarness, [PublishedEngine]) {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let harness = try ServiceHarness([
      engines[0].entry("vllm-0", model: "small"),
      engines[1].entry("vllm-1", port: 8001, model: "large"),
    ]) { $0.http.bodyBytesMax = 1000 }
    return (harness, engines)
  }

  @Test func `a bad score request says what is wrong, and where`() throws {
    let (harness, engines) = try harness()
    for (body, status, param, words) in [
      ("", 400, nil, "line 1"), ("{", 400, nil, "line 1"), ("[]", 400, nil, "object"),
      ("{}", 400, nil, "given once"), (#"{"tokens": null}"#, 400, nil, "given once"),
      (#"{"tokens": "a"}"#, 400, "tokens", "array"),
      (#"{"tokens": [-1]}"#, 400, "tokens", "line 1"),
      (#"{"tokens": [4294967296]}"#, 400, "tokens", "line 1"),
      (#"{"token": [1]}"#, 400, "token", "did you mean 'tokens'?"),
      (#"{"tokens": [1], "tokens": [2]}"#, 400, "tokens", "twice"),
      (#"{"tokens": [1]} x"#, 400, nil, "line 1"),
      (#"{"tokens": [1], "endpoints": "vllm-0"}"#, 400, "endpoints", "array"),
      (#"{"tokens": [1]}"#, 400, "model", "large, small"),
      (#"{"model": "smal", "tokens": [1]}"#, 404, "model", "large, small"),
      (#"{"model": "small", "tokens": [1], "endpoints": ["vlm-0"]}"#, 404, "endpoints", "'vllm-0'"),
    ] as [(String, Int, String?, String)] {
      let answer = try harness.send("POST", "/v1/score", body)
      #expect(answer.status == status && answer.param == param, "\(body): \(answer.message)")
      #expect(answer.message.contains(words), "\(body): \(answer.message)")
      #expect(answer.type == (status == 400 ? "invalid_request" : "not_found"))
    }
    withExtendedLifetime(engines) {}
  }

  @Test func `an unknown path, another method and a large body have their statuses`() throws {
    let (harness, engines) = try harness()
    #expect(try harness.get("/v1/scores").status == 404)
    #expect(try harness.send("POST", "/v1/reservations/", "{}").status == 404)
    let other = try harness.get("/v1/score")
    #expect(other.status == 405 && other.type == "method_not_allowed")
    #expect(other.reply.header("allow") == "POST")
    #expect(try harness.send("PUT", "/v1/reservations/x", "{}").reply.header("allow") == "DELETE")
    #expect(try harness.send("DELETE", "/metrics").status == 405)
    #expect(try harness.send("HEAD", "/healthz").status == 200)
    let large =
      #"{"model": "small", "tokens": ["#
      + repeatElement("1", count: 600).joined(separator: ",") + "]}"
    let refused = try harness.send("POST", "/v1/score", large)
    #expect(refused.status == 413 && refused.type == "body_too_large")
    #expect(refused.message.contains("1000"))
    #expect(
      try harness.send("POST", "/v1/score", #"{"model": "small", "tokens": [1]}"#).status == 200)
    withExtendedLifetime(engines) {}
  }

  @Test func `a bad reservation says what is wrong`() throws {
    let (harness, engines) = try harness()
    let tokens = #""tokens": [1, 2, 3], "model": "small""#
    for (body, status, param, words) in [
      ("{\(tokens)}", 400, "request_id", "required"),
      (#"{"request_id": "1", \#(tokens)}"#, 400, "endpoint", "required"),
      (#"{"request_id": "", "endpoint": "vllm-0", \#(tokens)}"#, 400, "request_id", "empty"),
      (
        #"{"request_id": "1", "endpoint": "vllm-0", "ttl_ms": 0, \#(tokens)}"#, 400, "ttl_ms",
        "from 1 to"
      ),
      (
        #"{"request_id": "1", "endpoint": "vllm-7", \#(tokens)}"#, 404, "endpoint", "vllm-7"
      ),
      (
        #"{"request_id": "1", "endpoint": "vllm-0", \#(tokens)}"#, 409, "endpoint",
        "kvEvents.blockSize"
      ),
    ] as [(String, Int, String?, String)] {
      let answer = try harness.send("POST", "/v1/reservations", body)
      #expect(answer.status == status && answer.param == param, "\(body): \(answer.message)")
      #expect(answer.message.contains(words), "\(body): \(answer.message)")
    }
    let gone = try harness.send("DELETE", "/v1/reservations/1")
    #expect(gone.status == 404 && gone.message.contains("'1'"))
    withExtendedLifetime(engines) {}
  }

  @Test func `a model and an endpoint that don't belong together give no answer for it`() throws {
    let (harness, engines) = try harness()
    let answer = try harness.send(
      "POST", "/v1/score", #"{"model": "small", "tokens": [1], "endpoints": ["vllm-1"]}"#)
    #expect(answer.status == 200)
    #expect(answer.json["endpoints"]?.array?.isEmpty == true)
    withExtendedLifetime(engines) {}
  }
}
