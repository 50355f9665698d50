import Foundation
import Testing
import Tokenize

/// A request's body with the API that it is for.
struct SampleBody: Sendable, CustomTestStringConvertible {
  var name: String
  var api: InferenceAPI
  /// What vLLM answered; nil for bodies that were not tried.
  var status: Int?
  var text: String

  var bytes: [UInt8] { Array(text.utf8) }
  var testDescription: String { name }

  /// Bodies that a real vLLM answered, from `fixtures/bodies`.
  static let recorded: [SampleBody] = {
    struct Line: Decodable {
      var name: String
      var path: String
      var status: Int
      var body: String
    }
    let file = URL(fileURLWithPath: #filePath)
      .appending(path: "../../../../fixtures/bodies/vllm.jsonl").standardized
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").compactMap { line in
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)) else {
        return nil
      }
      let path = line.path.hasSuffix("/render") ? String(line.path.dropLast(7)) : line.path
      return InferenceAPI(path: path).map {
        SampleBody(name: line.name, api: $0, status: line.status, text: line.body)
      }
    }
  }()

  /// Bodies with more in them than the recorded ones, one for each API at least.
  static let rich: [SampleBody] = [
    SampleBody(
      name: "completion", api: .completions,
      text: #"""
        {"model": "tiny", "prompt": ["Zürich \u00e9\n", "two"], "max_tokens": "7", "stream": true,
         "priority": -3, "cache_salt": "s\u0061lt", "user": "u", "suffix": null}
        """#),
    SampleBody(
      name: "token ids", api: .completions,
      text: #"{"model":"tiny","prompt":[[1,23456,7],[4294967295]],"logit_bias":{"5":-1.5e2}}"#),
    SampleBody(
      name: "chat", api: .chatCompletions,
      text: #"""
        {"model": "tiny", "temperature": 0.7, "tools": [{"type": "function", "function":
          {"name": "f", "parameters": {"type": "object", "properties": {"b": {}, "a": {}}}}}],
         "messages": [{"role": "system", "content": "Be brief."},
          {"content": [{"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}],
           "role": "user"},
          {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function",
            "function": {"name": "f", "arguments": "{\"a\": 1}"}}]},
          {"role": "tool", "tool_call_id": "1", "content": "😀 \ud83d\ude00"}],
         "max_completion_tokens": 9, "metadata": {"user_id": "meta"}}
        """#),
    SampleBody(
      name: "responses", api: .responses,
      text: #"""
        {"model": "tiny", "instructions": "Be brief.", "input": [
          {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
          {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
          {"type": "function_call_output", "call_id": "1", "output": "sunny"}],
         "max_output_tokens": 4, "prompt_cache_key": "pck", "tools": []}
        """#),
    SampleBody(
      name: "messages", api: .messages,
      text: #"""
        {"model": "tiny", "max_tokens": 5, "system": [{"type": "text", "text": "Be brief."}],
         "messages": [{"role": "user", "content": "Hello"},
          {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."},
            {"type": "tool_use", "id": "1", "name": "f", "input": {"city": "Rome"}}]},
          {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1",
            "content": [{"type": "text", "text": "sunny"}]}]}],
         "metadata": {"user_id": "meta"}}
        """#),
    SampleBody(
      name: "generate", api: .generate,
      text: #"""
        {"token_ids": [1, 2, 3, 4, 5, 6, 7, 8], "sampling_params": {"max_tokens": 3, "stop": []},
         "features": {"mm_placeholders": {"image": [{"offset": 4, "length": 2},
           {"offset": 1, "length": 1}], "audio": [{"offset": 6, "length": 2}]}, "mm_hashes":
           {"audio": ["c"], "image": ["b", "a"]}, "kwargs_data": null}, "stream": false}
        """#),
    SampleBody(
      name: "sglang", api: .sglangGenerate,
      text: #"""
        {"input_ids": [[1, 2], [3]], "extra_key": ["k", "k"], "lora_path": "sql",
         "sampling_params": {"max_new_tokens": 8}, "session_params": {"id": "s"}, "image_data": null}
        """#),
  ]
}

extension RenderKeySeed {
  static let forTests = RenderKeySeed(deterministic: 1)
}

/// Parses a body that is written as text.
func inference(
  _ api: InferenceAPI, _ text: String, seed: RenderKeySeed = .forTests
) throws(RequestBodyError) -> InferenceRequest {
  try InferenceRequest(api, parsing: Array(text.utf8), keyedBy: seed)
}
