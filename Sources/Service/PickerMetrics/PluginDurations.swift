import EPPScorer

/// Counts how long a plan's plugins take.
final class PluginDurations: PluginTimer {
  /// In the order of the plan's `timedPlugins`.
  private let histograms: [Histogram]

  init(of plan: SchedulingPlan, in metrics: PickerMetrics) {
    histograms = plan.timedPlugins.map {
      metrics.pluginDuration(
        PluginLabels(extensionPoint: $0.point.rawValue, type: $0.type, name: $0.name))
    }
  }

  var now: UInt64 { MonotonicClock.nowNanoseconds() }

  func took(_ nanoseconds: UInt64, plugin: Int) {
    histograms[plugin].observe(Double(nanoseconds) / 1e9)
  }
}
