import Tokenize

extension SetupResolver {
  // MARK: Prefix hits

  /// Finds who produces prefix hits, who reads whose, and who stands in for the precise one.
  mutating func resolvePrefixProducers(
    _ profiles: [SchedulingPlan.Profile], _ handler: Named<any ProfileHandler>
  ) {
    declarePrefixProducers()
    let readers: [(reader: any PrefixHitReader, path: String)] = config.plugins.compactMap {
      declaration in
      (declaration.plugin as? any PrefixHitReader).map { ($0, declaration.path) }
    }
    let standard = ApproxPrefixCacheProducer.type
    let explicit = readers.compactMap { reader, path in
      reader.prefixMatchInfoProducerName.map {
        Reference($0, path: "\(path).parameters.prefixMatchInfoProducerName")
      }
    }
    let readsDefault = readers.contains { $0.reader.prefixMatchInfoProducerName == nil }
    defaultProducer =
      prefixProducers.firstIndex { $0.name == standard }
      ?? (prefixProducers.count == 1 ? 0 : nil)
    if defaultProducer == nil, readsDefault || !prefixProducers.isEmpty {
      defaultProducer = appendApproximate(standard)
    }
    if explicit.contains(where: { $0.name == standard }),
      !prefixProducers.contains(where: { $0.name == standard }), declaration(standard) == nil
    {
      _ = appendApproximate(standard)
    }
    for reference in explicit { markRead(reference) }
    if readsDefault, let defaultProducer { prefixProducers[defaultProducer].isRead = true }
    checkDefaultProducer()
    resolveFallback()
  }

  private mutating func declarePrefixProducers() {
    var precise: String?
    for declaration in config.plugins {
      let kind: PickerSetup.PrefixProducer.Kind
      switch declaration.plugin {
      case let producer as ApproxPrefixCacheProducer: kind = .approximate(producer)
      case let producer as PrecisePrefixCacheProducer:
        kind = .precise(producer)
        if let precise {
          reject(
            "there is one index, so there can be only one \(PrecisePrefixCacheProducer.type), and "
              + "'\(precise)' is one already", at: declaration.path)
        }
        precise = precise ?? declaration.name
      default: continue
      }
      use(declaration.name)
      prefixProducers.append(
        PickerSetup.PrefixProducer(name: declaration.name, kind: kind, isRead: false))
    }
  }

  private mutating func appendApproximate(_ name: String) -> Int {
    prefixProducers.append(
      PickerSetup.PrefixProducer(
        name: name, kind: .approximate(ApproxPrefixCacheProducer()), isRead: false))
    return prefixProducers.count - 1
  }

  private mutating func markRead(_ reference: Reference) {
    if let index = prefixProducers.firstIndex(where: { $0.name == reference.name }) {
      prefixProducers[index].isRead = true
    } else if let declaration = declaration(reference.name) {
      reject(
        "'\(reference.name)' is a \(declaration.type), which produces no prefix hits",
        at: reference.path)
    } else {
      rejectUndefined(reference, among: prefixProducers.map(\.name))
    }
  }

  private mutating func checkDefaultProducer() {
    for need in needs(.defaultPrefixHits) {
      let standard = defaultProducer.map { prefixProducers[$0].name }
      guard need.name != standard else { continue }
      guard prefixProducers.contains(where: { $0.name == need.name }) else {
        markRead(need)
        continue
      }
      reject(
        "deciders read the default producer, which is '\(standard ?? "")' here; name the one that "
          + "they should read \(ApproxPrefixCacheProducer.type), or declare no other",
        at: need.path)
    }
  }

  private mutating func resolveFallback() {
    let isPrecise = prefixProducers.contains {
      if case .precise = $0.kind { true } else { false }
    }
    guard isPrecise else { return }
    let approximate = prefixProducers.firstIndex {
      if case .approximate = $0.kind { true } else { false }
    }
    // The name is often given to the precise producer, for deciders to read it.
    let standard = ApproxPrefixCacheProducer.type
    fallback =
      approximate
      ?? appendApproximate(declaration(standard) == nil ? standard : "\(standard)-fallback")
  }

  private func needs(_ kind: EndpointPickerConfig.Need.Kind) -> [Reference] {
    config.plugins.flatMap(\.needs).filter { $0.kind == kind }.map(\.reference)
  }

  // MARK: Tokens

  mutating func tokenProducer() -> Named<TokenProducer> {
    let isPrecise = fallback != nil
    if let declared = onlyDeclared(TokenProducer.self, "token producer") {
      if isPrecise, case .estimate = declared.plugin.backend {
        warn(
          "text is only estimated, so precise prefixes are known of prompts of token ids alone; "
            + "configure 'vllm' or 'endpoints' to have text rendered",
          at: declaration(declared.name)?.path ?? "")
      }
      return declared
    }
    guard isPrecise else { return Named(TokenProducer.type, TokenProducer()) }
    warn(
      "precise prefixes need token ids and no token-producer is configured: prompts are rendered "
        + "by the endpoints themselves (in llm-d nothing would ever match)", at: "plugins")
    return Named(TokenProducer.type, TokenProducer(backend: .standardEndpoints))
  }

  // MARK: In-flight load

  mutating func inFlightLoadProducer() -> Named<InFlightLoadProducer> {
    let producer =
      onlyDeclared(InFlightLoadProducer.self, InFlightLoadProducer.type)
      ?? Named(InFlightLoadProducer.type, InFlightLoadProducer())
    for need in needs(.inFlightLoad) where need.name != producer.name {
      if let declaration = declaration(need.name) {
        reject(
          "'\(need.name)' is a \(declaration.type), not an \(InFlightLoadProducer.type)",
          at: need.path)
      } else {
        rejectUndefined(need, among: [producer.name])
      }
    }
    return producer
  }
}
