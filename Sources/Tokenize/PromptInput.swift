/// A prompt as a client of the indexer gives it.
public enum PromptInput: Equatable, Sendable {
  /// Token ids, shape `[tokens]`.
  case tokens([UInt32])
  /// What an engine would be asked, as it was written: nothing of it is serialised again.
  case body(InferenceAPI, [UInt8])
}
