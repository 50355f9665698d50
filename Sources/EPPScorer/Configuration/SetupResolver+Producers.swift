import Tokenize

extension SetupResolver {
  // MARK: Prefix hits

  /// Finds who produces prefix hits, who reads whose, and who stands in for the precise one.
  mutating func resolvePrefixProducers() {
    declarePrefixProducers()
    let readers = prefixReaders()
    let standard = ApproxPrefixCacheProducer.type
    let explicit = readers.compactMap(\.self)
    let readsDefault = readers.contains { $0 == nil }
    defaultProducer =
      prefixProducer(standard)
      ?? (prefixProducers.count == 1 ? 0 : nil)
    if defaultProducer == nil, readsDefault || !prefixProducers.isEmpty {
      defaultProducer = appendApproximate(standard)
    }
    if explicit.contains(where: { $0.name == standard }),
      prefixProducer(standard) == nil, declaration(standard) == nil
    {
      _ = appendApproximate(standard)
    }
    for reference in explicit { markRead(reference) }
    if readsDefault, let defaultProducer { prefixProducers[defaultProducer].isRead = true }
    checkDefaultProducer()
    resolveFallback()
  }

  /// The producers that plugins read; nil for the default one.
  private func prefixReaders() -> [Reference?] {
    var readers: [Reference?] = []
    var readsUncached = false
    for declaration in config.plugins {
      let name: String?
      switch declaration.plugin {
      case let reader as any PrefixReader: name = reader.prefixMatchInfoProducerName
      case let producer as InFlightLoadProducer: name = producer.prefixMatchInfoProducerName
      case is PrefixBasedPDDecider: name = nil
      case is TokenLoadScorer:
        readsUncached = true
        continue
      default: continue
      }
      readers.append(
        name.map {
          Reference($0, path: "\(declaration.path).parameters.prefixMatchInfoProducerName")
        })
    }
    // Uncached tokens are told by the in-flight load's producer, or by the default one.
    if readsUncached, !config.plugins.contains(where: { $0.plugin is InFlightLoadProducer }) {
      readers.append(nil)
    }
    return readers
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

  /// The index of the producer of that name.
  func prefixProducer(_ name: String) -> Int? {
    prefixProducers.firstIndex { $0.name == name }
  }

  private mutating func appendApproximate(_ name: String) -> Int {
    prefixProducers.append(
      PickerSetup.PrefixProducer(
        name: name, kind: .approximate(ApproxPrefixCacheProducer()), isRead: false))
    return prefixProducers.count - 1
  }

  private mutating func markRead(_ reference: Reference) {
    if let index = prefixProducer(reference.name) {
      prefixProducers[index].isRead = true
    } else if let declaration = declaration(reference.name) {
      reject(
        "'\(reference.name)' is of type \(declaration.type), which produces no prefix hits",
        at: reference.path)
    } else {
      rejectUndefined(reference, among: prefixProducers.map(\.name))
    }
  }

  private mutating func checkDefaultProducer() {
    for need in needs(.defaultPrefixHits) {
      let standard = defaultProducer.map { prefixProducers[$0].name }
      guard need.name != standard else { continue }
      guard prefixProducer(need.name) != nil else {
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
          "'\(need.name)' is of type \(declaration.type), not an \(InFlightLoadProducer.type)",
          at: need.path)
      } else {
        rejectUndefined(need, among: [producer.name])
      }
    }
    return producer
  }
}
