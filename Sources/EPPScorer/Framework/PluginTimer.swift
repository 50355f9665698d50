/// Takes how long a plan's filters, scorers and pickers take.
///
/// Scheduling reads no clock; who wants to know brings one.
public protocol PluginTimer: Sendable {
  /// The time in nanoseconds, by a clock that never goes back.
  var now: UInt64 { get }

  /// A plugin took so long.
  ///
  /// - Parameter plugin: An index into the plan's `timedPlugins`.
  func took(_ nanoseconds: UInt64, plugin: Int)
}

/// A plugin at the point where requests meet it.
public struct TimedPlugin: Equatable, Sendable {
  /// Where a request meets a plugin, in llm-d's words.
  public enum Point: String, Sendable {
    case filter = "Filter"
    case scorer = "Scorer"
    case picker = "Picker"
  }

  public var point: Point
  public var type: String
  public var name: String
}

extension SchedulingPlan {
  /// The plugins of all profiles, in the order in which they run.
  public var timedPlugins: [TimedPlugin] { profiles.flatMap(\.timedPlugins) }
}

extension SchedulingPlan.Profile {
  var timedPlugins: [TimedPlugin] {
    filters.map { TimedPlugin(point: .filter, type: type(of: $0.plugin).type, name: $0.name) }
      + scorers.map {
        TimedPlugin(point: .scorer, type: type(of: $0.part.plugin).type, name: $0.part.name)
      } + [TimedPlugin(point: .picker, type: type(of: picker.plugin).type, name: picker.name)]
  }
}

/// Measures the plugins of one profile, one after the other: the end of one is the start of the
/// next.
struct PluginLaps {
  private let timer: (any PluginTimer)?
  private var plugin: Int
  private var start: UInt64

  /// - Parameter plugin: The profile's first one.
  init(_ timer: (any PluginTimer)?, from plugin: Int) {
    self.timer = timer
    self.plugin = plugin
    start = timer?.now ?? 0
  }

  /// The next plugin has run.
  mutating func lap() {
    guard let timer else { return }
    let now = timer.now
    timer.took(now &- start, plugin: plugin)
    plugin += 1
    start = now
  }
}
