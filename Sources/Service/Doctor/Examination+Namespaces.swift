import KVIndexer

/// Whether prompts that must share nothing share nothing, and are known apart.
extension Examination {
  func probeSalt(_ cached: Cached, _ watch: EventWatch) {
    let salt = "doctor-\(UInt64.random(in: .min ... .max))"
    guard
      let delivered = probeOther(cached, salt: salt, in: .salt)
    else { return }
    guard delivered == 0 else { return add(.saltIgnored(delivered), to: .salt) }
    if awaitEvents(of: cached.tokens, salt: salt, rank: cached.rank, watch) != nil {
      note("a salted prompt shares nothing, and is known by its events", in: .salt)
    } else {
      add(.saltNotAnnounced, to: .salt)
    }
  }

  /// Says whether the engine has the adapter that was asked for.
  func checkAdapter() {
    guard let wanted = settings.adapter, !engine.adapters.contains(wanted) else { return }
    add(.adapterMissing(wanted, served: engine.adapters), to: .lora)
  }

  func probeAdapter(_ cached: Cached, _ watch: EventWatch) {
    guard let adapter = settings.adapter ?? engine.adapters.first else {
      return skip(.lora, "no adapter is loaded")
    }
    guard engine.adapters.contains(adapter) else { return }
    guard let delivered = probeOther(cached, adapter: adapter, in: .lora) else { return }
    guard delivered == 0 else { return add(.adapterIgnored(adapter, delivered), to: .lora) }
    if awaitEvents(of: cached.tokens, lora: adapter, rank: cached.rank, watch) != nil {
      note("'\(adapter)' shares nothing, and is known by its events", in: .lora)
    } else {
      add(.adapterNotAnnounced(adapter), to: .lora)
    }
  }

  /// Sends tokens that are cached under another name.
  ///
  /// - Returns: What was reused; nil when that is not known.
  private func probeOther(
    _ cached: Cached, salt: String? = nil, adapter: String? = nil, in step: DoctorStep
  ) -> Int? {
    do throws(Probe) {
      let served = try complete(
        cached.text, salt: salt, adapter: adapter, rank: cached.rank, known: cached.tokens)
      // Some versions leave out what is zero.
      return served.cachedTokens ?? 0
    } catch {
      add(Self.problem(error), to: step)
      return nil
    }
  }
}
