import KVIndexer

/// What a running indexer says of the endpoint.
extension Examination {
  func askService() {
    guard let witness else { return skip(.service, "no indexer was named (--server)") }
    do throws(ServiceWitness.Failure) {
      let sources = try witness.sources().filter { $0.endpoint == endpoint.name }
      if sources.isEmpty { add(.notFollowed(), to: .service) }
      for source in sources {
        let problem =
          Trust(name: source.trust, reason: source.reason).map {
            DoctorProblem.untrusted($0, rank: source.rank, reason: source.reason)
          } ?? .unknownTrust(source.trust, rank: source.rank, reason: source.reason)
        if let problem { add(problem, to: .service) }
      }
      for source in sources {
        note("rank \(source.rank) is \(source.trust)", in: .service)
        if let warning = source.warning { note(warning, in: .service) }
      }
      guard case .renderers(let renderers)? = try witness.readiness().rendering else { return }
      for renderer in renderers
      where renderer.renderer == endpoint.name
        && !["ready", "unverified"].contains(renderer.status)
      {
        add(
          .rendererUnusable(renderer.renderer, renderer.status, renderer.reason), to: .service)
      }
    } catch {
      add(.serviceUnreachable(error.description), to: .service)
    }
  }
}
