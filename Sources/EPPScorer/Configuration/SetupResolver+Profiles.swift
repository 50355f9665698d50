extension SetupResolver {
  // MARK: Profiles

  mutating func profiles() -> [SchedulingPlan.Profile] {
    guard !config.profiles.isEmpty else {
      let parts = config.plugins.filter {
        $0.plugin is any Filter || $0.plugin is any Scorer || $0.plugin is any Picker
      }
      return [
        profile(
          EndpointPickerConfig.Profile(
            Self.profileName, parts.map { (Reference($0.name, path: $0.path), nil) }))
      ]
    }
    return config.profiles.map { profile($0) }
  }

  private mutating func profile(_ declared: EndpointPickerConfig.Profile) -> SchedulingPlan.Profile
  {
    var filters: [Named<any Filter>] = []
    var scorers: [(part: Named<any Scorer>, weight: Double)] = []
    var pickers: [Named<any Picker>] = []
    for (reference, weight) in declared.parts {
      guard let declaration = resolve(reference) else { continue }
      let (name, plugin) = (declaration.name, declaration.plugin)
      var isPart = false
      if let filter = plugin as? any Filter {
        filters.append(Named(name, filter))
        isPart = true
      }
      if let scorer = plugin as? any Scorer {
        scorers.append((Named(name, scorer), weight ?? 1))
        isPart = true
      } else if weight != nil {
        warn("only scorers have a weight, and '\(name)' is none", at: reference.path)
      }
      if let picker = plugin as? any Picker {
        if let first = pickers.first {
          reject(
            "a profile has one picker, and '\(first.name)' is one already", at: reference.path)
        }
        pickers.append(Named(name, picker))
        isPart = true
      }
      if !isPart {
        reject(
          "'\(name)' is of type \(declaration.type), which is no filter, scorer or picker",
          at: reference.path)
      }
    }
    return SchedulingPlan.Profile(
      name: declared.name, filters: filters, scorers: scorers,
      picker: pickers.first ?? defaultPicker())
  }

  /// The first picker of the file, or the one that takes the best.
  private mutating func defaultPicker() -> Named<any Picker> {
    for declaration in config.plugins {
      guard let picker = declaration.plugin as? any Picker else { continue }
      use(declaration.name)
      return Named(declaration.name, picker)
    }
    return Named(MaxScorePicker.type, MaxScorePicker())
  }

  // MARK: Handler

  mutating func handler(_ profiles: [SchedulingPlan.Profile]) -> Named<any ProfileHandler> {
    let declared = onlyDeclared((any ProfileHandler).self, "profile handler")
    guard let handler = declared else {
      if profiles.count > 1 {
        reject(
          "no profile handler configured, and \(profiles.count) profiles need one: declare "
            + "disagg-profile-handler or header-profile-handler under 'plugins'",
          at: "schedulingProfiles")
      }
      return Named(SingleProfileHandler.type, SingleProfileHandler())
    }
    if let disagg = handler.plugin as? DisaggProfileHandler {
      warnOfIdleStages(disagg, profiles, at: declaration(handler.name)?.path ?? "")
    }
    return handler
  }

  private mutating func warnOfIdleStages(
    _ handler: DisaggProfileHandler, _ profiles: [SchedulingPlan.Profile], at path: String
  ) {
    for (stage, name, decider) in [
      ("prefill", handler.prefillProfile, handler.prefillDecider),
      ("encode", handler.encodeProfile, handler.encodeDecider),
    ] {
      let isThere = profiles.contains { $0.name == name }
      let needsDecider = stage == "encode" || handler.order == .decodeFirst
      if let decider, !isThere {
        warn("'\(decider)' decides nothing: there is no profile '\(name)'", at: path)
      } else if isThere, needsDecider, decider == nil {
        warn("the profile '\(name)' never runs: no decider of \(stage) is named", at: path)
      }
    }
  }

  /// What keeps the handler from running the plan.
  mutating func checkHandler(of plan: SchedulingPlan) {
    // Plans without a handler of their own are refused above where the default one does not fit.
    guard let path = declaration(plan.handler.name)?.path else { return }
    for fault in plan.handler.plugin.faults(in: plan) { reject(fault, at: path) }
  }

  /// The deciders that the handler names.
  mutating func deciders(of handler: Named<any ProfileHandler>) -> [Named<any Decider>] {
    guard let disagg = handler.plugin as? DisaggProfileHandler else { return [] }
    let path = (declaration(handler.name)?.path ?? "") + ".parameters"
    var deciders: [Named<any Decider>] = []
    for name in [disagg.prefillDecider, disagg.encodeDecider] {
      guard let name, !deciders.contains(where: { $0.name == name }),
        let decider = resolve(Reference(name, path: path), as: (any Decider).self, "a decider")
      else { continue }
      deciders.append(decider)
    }
    return deciders
  }
}
