import Testing
import Tokenize

/// Bodies of responses as engines send them, and what they say.
struct SampleResponse: Sendable, CustomTestStringConvertible {
  var name: String
  var format: ResponseFormat
  var body: String
  var usage: TokenUsage?

  var testDescription: String { name }
  var bytes: [UInt8] { Array(body.utf8) }

  static let all: [SampleResponse] = whole + streamed + odd

  private static let whole = [
    SampleResponse(
      name: "vLLM's chat completion", format: .json,
      body: #"""
        {"id":"chatcmpl-1","object":"chat.completion","model":"tiny","choices":[{"index":0,
        "message":{"role":"assistant","content":"\"usage\": {\"prompt_tokens\": 9}, \\","model":"x",
        "usage":{"prompt_tokens":1}},"logprobs":[[-0.5,{"a":[]}]],"finish_reason":"stop"}],
        "usage":{"prompt_tokens":1030,"total_tokens":1041,"completion_tokens":11,
        "prompt_tokens_details":{"cached_tokens":1024}},"prompt_logprobs":null}
        """#,
      usage: TokenUsage(promptTokens: 1030, completionTokens: 11, cachedTokens: 1024)),
    SampleResponse(
      name: "a completion without details", format: .json,
      body: #"{ "model" : "tiny" , "usage" : { "prompt_tokens" : 5 , "completion_tokens" : 0 } }"#,
      usage: TokenUsage(promptTokens: 5, completionTokens: 0)),
    SampleResponse(
      name: "a response of OpenAI's responses API", format: .json,
      body: #"""
        {"id":"resp_1","output":[{"content":[{"text":"hi"}]}],"usage":{"input_tokens":40,
        "input_tokens_details":{"cached_tokens":32},"output_tokens":7,
        "output_tokens_details":{"reasoning_tokens":3,"cached_tokens":99},"total_tokens":47}}
        """#,
      usage: TokenUsage(promptTokens: 40, completionTokens: 7, cachedTokens: 32)),
    SampleResponse(
      name: "an Anthropic message", format: .json,
      body: #"""
        {"type":"message","model":"tiny","usage":{"input_tokens":8,"output_tokens":5,
        "cache_creation_input_tokens":2,"cache_read_input_tokens":30}}
        """#,
      usage: TokenUsage(promptTokens: 40, completionTokens: 5, cachedTokens: 30)),
    SampleResponse(
      name: "SGLang's answer", format: .json,
      body: #"""
        {"text":"x","meta_info":{"id":"1","finish_reason":{"type":"length","cached_tokens":7},
        "prompt_tokens":64,"completion_tokens":4,"cached_tokens":48,"e2e_latency":0.5}}
        """#,
      usage: TokenUsage(promptTokens: 64, completionTokens: 4, cachedTokens: 48)),
    SampleResponse(
      name: "SGLang's answer to a batch", format: .json,
      body: #"[{"meta_info":{"prompt_tokens":64,"cached_tokens":0}},{"text":"}"}]"#,
      usage: TokenUsage(promptTokens: 64, cachedTokens: 0)),
    SampleResponse(
      name: "numbers in quotes", format: .json,
      body: #"{"usage":{"prompt_tokens":"12","completion_tokens":"3"}}"#,
      usage: TokenUsage(promptTokens: 12, completionTokens: 3)),
  ]

  private static let streamed = [
    SampleResponse(
      name: "a chat's stream", format: .eventStream,
      body: #"""
        data: {"id":"1","model":"tiny","choices":[{"delta":{"content":"data: \n\n{"}}],"usage":null}

        : a comment with "usage":{"prompt_tokens":1}

        data: {"id":"1","choices":[],"usage":{"prompt_tokens":17,"completion_tokens":4,
        data: "prompt_tokens_details":{"cached_tokens":16}}}

        data: [DONE]


        """#,
      usage: TokenUsage(promptTokens: 17, completionTokens: 4, cachedTokens: 16)),
    SampleResponse(
      name: "a stream with carriage returns and no spaces", format: .eventStream,
      body: "data:{\"usage\":{\"prompt_tokens\":17,\"completion_tokens\":1}}\r\n\r\n"
        + "data:{\"usage\":{\"prompt_tokens\":17,\"completion_tokens\":2}}\r\n\r\ndata:[DONE]\r\n\r\n",
      usage: TokenUsage(promptTokens: 17, completionTokens: 2)),
    SampleResponse(
      name: "vLLM's stream of an Anthropic message", format: .eventStream,
      body: #"""
        event: message_start
        data: {"type":"message_start","message":{"model":"tiny","usage":{"input_tokens":40,
        data: "output_tokens":0}}}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":8,"output_tokens":5,"cache_read_input_tokens":32}}

        """#,
      usage: TokenUsage(promptTokens: 40, completionTokens: 5, cachedTokens: 32)),
    SampleResponse(
      name: "Anthropic's own stream", format: .eventStream,
      body: #"""
        event: message_start
        data: {"message":{"usage":{"input_tokens":8,"cache_read_input_tokens":32,"output_tokens":1}}}

        event: message_delta
        data: {"usage":{"output_tokens":15}}

        """#,
      usage: TokenUsage(promptTokens: 40, completionTokens: 15, cachedTokens: 32)),
    SampleResponse(
      name: "a stream of OpenAI's responses API", format: .eventStream,
      body: #"""
        event: response.created
        data: {"type":"response.created","response":{"model":"tiny","usage":null,"tools":[{}]}}

        event: response.completed
        data: {"response":{"output":[{"usage":{"input_tokens":1}}],"usage":{"input_tokens":40,"output_tokens":7,"input_tokens_details":{"cached_tokens":32}}}}

        """#,
      usage: TokenUsage(promptTokens: 40, completionTokens: 7, cachedTokens: 32)),
    SampleResponse(
      name: "an event that is cut off", format: .eventStream,
      body: """
        data: {"choices":[{"delta":"never ended

        data: {"usage":{"prompt_tokens":3}}

        """,
      usage: TokenUsage(promptTokens: 3)),
  ]

  private static let odd = [
    SampleResponse(name: "nothing", format: .json, body: ""),
    SampleResponse(name: "text", format: .json, body: #"no "healthy" {upstream}"#),
    SampleResponse(name: "usage of null", format: .json, body: #"{"usage":null,"model":null}"#),
    SampleResponse(
      name: "counts of other kinds", format: .json,
      body: #"""
        {"usage":{"prompt_tokens":1.5,"completion_tokens":[3],"prompt_tokens_details":7,
        "cache_read_input_tokens":-1,"output_tokens":"many","input_tokens":12345678901234567890}}
        """#),
    SampleResponse(
      name: "brackets that do not match", format: .json,
      body: #"{"a":[}]}}}}},"usage":{"prompt_tokens":1}"#),
    SampleResponse(
      name: "keys with escapes", format: .json,
      body: #"{"us\u0061ge":{"prompt_tokens":1},"usage\\":{"prompt_tokens":1}}"#),
  ]
}
