/// A decision as the API writes it.
struct DecisionJSON {
  var id: Int
  var status: String
  var predicted: Int
  var delivered: Int?
  var regret: Int
  var output: Int?
  var blocks: [String]

  init(
    _ id: Int, _ status: String = "completed", predicted: Int = 0, delivered: Int? = nil,
    regret: Int = 0, output: Int? = nil, blocks: [String] = []
  ) {
    self.id = id
    self.status = status
    self.predicted = predicted
    self.delivered = delivered
    self.regret = regret
    self.output = output
    self.blocks = blocks
  }

  var text: String {
    func number(_ value: Int?) -> String { value.map(String.init) ?? "null" }
    let cause = delivered.map { $0 == predicted } ?? true ? "null" : #""evicted_since""#
    return """
      {"id": \(id), "time": \(1_700_000_000 + Double(id) / 8), "request_id": null, "model": "m",
       "endpoint": "a", "status": "\(status)", "prompt_tokens": 400, "tokens_from": "rendered",
       "basis": "exact", "predicted_tokens": \(predicted), "precise_tokens": \(predicted),
       "approximate_tokens": 0, "delivered_tokens": \(number(delivered)),
       "delivered_prompt_tokens": null, "output_tokens": \(number(output)), "ttft_ms": 12.0,
       "regret_tokens": \(regret), "best_endpoint": "b", "best_tokens": 64,
       "error_cause": \(cause), "decision_us": 240, "candidates": [], "blocks": \(blocks)}
      """
  }
}
