/// Fields of a body that a prompt's tokens never depend on, and that render keys leave out.
///
/// A field that is missing here costs a render call now and then; one that is wrongly here gives
/// wrong tokens. So whatever a chat template, a tokenizer or a multimodal processor may see stays
/// out: tools, `tool_choice`, `response_format`, `reasoning_effort`, `chat_template_kwargs` and all
/// that is unknown. `kv_transfer_params` too: its `prompt_token_ids` replace a chat's prompt.
///
/// The output's length shortens prompts that are truncated to what it leaves; a body that asks for
/// truncation is therefore hashed whole.
enum TokenNeutralFields {
  static let names: [StaticString] =
    sampling + length + output + scheduling + identity

  /// The sampler reads them, after the prompt was processed.
  private static let sampling: [StaticString] = [
    "temperature", "top_p", "top_k", "min_p", "n", "seed", "presence_penalty",
    "frequency_penalty", "repetition_penalty", "length_penalty", "logit_bias",
    "allowed_token_ids", "bad_words",
  ]

  /// They bound the output.
  private static let length: [StaticString] = [
    "max_tokens", "max_completion_tokens", "max_output_tokens", "min_tokens", "stop",
    "stop_sequences", "stop_token_ids", "ignore_eos",
  ]

  /// They say what the answer carries, and in which form.
  private static let output: [StaticString] = [
    "stream", "stream_options", "stream_interval", "logprobs", "top_logprobs",
    "prompt_logprobs", "logprob_token_ids", "return_token_ids", "return_tokens_as_token_ids",
    "include_stop_str_in_output", "skip_special_tokens", "spaces_between_special_tokens", "store",
  ]

  /// They decide when a request runs, and what of the cache it may use.
  ///
  /// The renderer echoes the salt; callers take it from the request instead.
  private static let scheduling: [StaticString] = [
    "priority", "service_tier", "cache_salt",
  ]

  /// They say who asks.
  private static let identity: [StaticString] = [
    "user", "metadata", "prompt_cache_key", "safety_identifier", "request_id", "session_id",
  ]
}
