extension SchedulingPlan {
  /// What keeps the plan from being run and types can't rule out, a sentence each; empty for a
  /// sound one.
  public var faults: [String] {
    var faults: [String] = []
    if profiles.isEmpty { faults.append("There is no scheduling profile.") }
    for (index, profile) in profiles.enumerated() {
      if profiles[..<index].contains(where: { $0.name == profile.name }) {
        faults.append("There are two profiles '\(profile.name)'.")
      }
      for scorer in profile.scorers where !scorer.weight.isFinite {
        faults.append("The weight of '\(scorer.part.name)' is not a number.")
      }
    }
    for index in [defaultProducer, inFlightProducer] {
      if let index, !producers.indices.contains(index) {
        faults.append("There is no producer \(index) among \(producers.count).")
      }
    }
    for reader in readers {
      if let name = reader.producer, !producers.contains(name) {
        faults.append("'\(reader.plugin)' reads '\(name)', which produces no prefix matches.")
      }
    }
    return faults + handler.plugin.faults(in: self)
  }

  /// Plugins that read prefix matches, and whose.
  private var readers: [(plugin: String, producer: String?)] {
    profiles.flatMap { profile in
      profile.plugins.compactMap { part in
        (part.plugin as? any PrefixReader).map { (part.name, $0.prefixMatchInfoProducerName) }
      }
    }
  }

  var hasOneProfile: Bool { profiles.count == 1 }

  /// Whether there is a profile of that name.
  func has(profile name: String) -> Bool { profiles.contains { $0.name == name } }
}

extension SchedulingPlan.Profile {
  /// Its filters and scorers.
  var plugins: [SchedulingPlan.Named<any Plugin>] {
    filters.map { .init($0.name, $0.plugin) } + scorers.map { .init($0.part.name, $0.part.plugin) }
  }
}
