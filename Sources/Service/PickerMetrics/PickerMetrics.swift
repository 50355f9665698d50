/// Everything that `epp` counts, under llm-d's names, their deprecated twins, and ours.
///
/// A request looks its row up once; all else is atomics. What plugins and producers count into is
/// looked up once for the life of the process.
package final class PickerMetrics: Sendable {
  let poolName: String
  let build: (commit: String, reference: String)
  let predictions: PredictionMetrics
  let decisions: DecisionMetrics
  let requests: LabelledSeries<RequestLabels, RequestMetricsRow>
  let attempts = LabelledSeries<AttemptLabels, Counter> { Counter() }
  let divisions = LabelledSeries<DivisionLabels, Counter> { Counter() }
  let plugins = LabelledSeries<PluginLabels, Histogram> {
    Histogram(bounds: PickerBuckets.schedulingSeconds)
  }
  let hitRatios = LabelledSeries<ProducerLabels, Histogram> {
    Histogram(bounds: PickerBuckets.hitRatio)
  }
  let hitBytes = LabelledSeries<ProducerLabels, Histogram> {
    Histogram(bounds: PickerBuckets.hitBytes)
  }
  /// In seconds: what handling a whole response took, the engine's time left out.
  package let responseProcessing = Histogram(bounds: PickerBuckets.responseProcessingSeconds)

  /// - Parameters:
  ///   - poolName: The `name` of the pool's gauges.
  ///   - commit: Of the sources of this build.
  ///   - buildReference: The version of this build.
  package init(poolName: String, commit: String = "", buildReference: String = "") {
    self.poolName = poolName
    build = (commit, buildReference)
    let predictions = PredictionMetrics()
    let decisions = DecisionMetrics()
    requests = LabelledSeries { RequestMetricsRow(predictions, decisions) }
    self.predictions = predictions
    self.decisions = decisions
  }

  /// What a request with these labels counts into.
  ///
  /// - Parameters:
  ///   - model: As the client names it.
  ///   - target: As the engine is asked for it.
  package func row(
    model: String, target: String, fairness: String, priority: Int
  ) -> RequestMetricsRow {
    requests[
      RequestLabels(model: model, targetModel: target, fairnessID: fairness, priority: priority)]
  }

  /// Counts a request that was refused before its model was known.
  package func unread(refusedWith refusal: Refusal) {
    row(model: "", target: "", fairness: "", priority: 0).refused(refusal)
  }

  /// Counts how a scheduling ended.
  package func attempted(_ attempt: AttemptLabels) { attempts[attempt].add() }

  /// Counts what a profile handler made of a request.
  package func divided(_ division: DivisionLabels) { divisions[division].add() }

  /// What a plugin's durations count into, in seconds; to be kept.
  package func pluginDuration(_ plugin: PluginLabels) -> Histogram { plugins[plugin] }

  /// What lookups of a producer count into, each of the best endpoint's match; to be kept.
  package func prefixHits(of producer: ProducerLabels) -> (ratio: Histogram, bytes: Histogram) {
    (hitRatios[producer], hitBytes[producer])
  }
}
