import Tokenize

/// Examining a renderer: it has to render a short text, and to the same token ids as a tokenizer.
extension Renderer {
  /// Examines a renderer; its state then says what was found.
  func probe(_ id: RendererID, _ endpoint: RenderEndpoint) {
    let path = InferenceAPI.completions.path + "/render"
    let body = RenderProbeBody.render(model: settings.modelName ?? endpoint.models.first)
    post(endpoint.server, path, body, timeout: settings.probeTimeout) { [self] reply in
      let rendered = reply.flatMap { reply in
        Result { () throws(RenderFailure) in
          try RenderAnswer.prompts(.completions, status: reply.status, body: reply.body)
        }
      }
      switch rendered {
      case .success(let prompts):
        compare(id, endpoint, prompts.flatMap(\.tokens))
      case .failure(let failure):
        end(id, Self.status(failure))
      }
    }
  }

  /// Asks a tokenizer for the ids of the same text: an endpoint's, or else the renderer's own.
  private func compare(_ id: RendererID, _ endpoint: RenderEndpoint, _ tokens: [UInt32]) {
    guard let reference = reference() else {
      return tokenize(endpoint, model: settings.modelName ?? endpoint.models.first) { [self] own in
        end(id, Self.verdict(tokens, own, of: endpoint))
      }
    }
    tokenize(reference, model: reference.models.first) { [self] theirs in
      // An endpoint that is just starting says nothing about the renderer.
      guard case .failure = theirs else {
        return end(id, Self.verdict(tokens, theirs, of: reference))
      }
      tokenize(endpoint, model: settings.modelName) { [self] own in
        end(id, Self.verdict(tokens, own, of: endpoint))
      }
    }
  }

  private func tokenize(
    _ endpoint: RenderEndpoint, model: String?,
    _ completion: @escaping @Sendable (Result<[UInt32], RenderFailure>) -> Void
  ) {
    let body = RenderProbeBody.tokenize(model: model)
    post(endpoint.server, "/tokenize", body, timeout: settings.probeTimeout) { reply in
      completion(
        reply.flatMap { reply in
          Result { () throws(RenderFailure) in
            try RenderAnswer.tokenized(status: reply.status, body: reply.body)
          }
        })
    }
  }

  private func end(_ id: RendererID, _ status: RenderStatus) {
    update { state, now, actions in
      guard let change = state.pool.endProbe(id, status, at: now) else { return }
      // A renderer that comes back may have been started with another template.
      if change.old.endsWithRestart, status.isUsable { state.cache.removeAll() }
      actions.append(.report(change))
    }
  }

  /// Whose tokenizer a fixed renderer is compared with: any endpoint's, as long as all serve one
  /// model.
  private func reference() -> RenderEndpoint? {
    let references = references
    guard Set(references.map(\.models.first)).count == 1 else { return nil }
    return references.randomElement()
  }

  private static func verdict(
    _ tokens: [UInt32], _ other: Result<[UInt32], RenderFailure>, of endpoint: RenderEndpoint
  ) -> RenderStatus {
    switch other {
    case .success(tokens): .ready
    case .success: .disagrees(with: endpoint.name)
    case .failure(let failure): .unverified("\(failure)")
    }
  }

  private static func status(_ failure: RenderFailure) -> RenderStatus {
    switch failure {
    // It renders, but not this text.
    case .refused: .unverified("\(failure)")
    default: RenderStatus(failure)
    }
  }
}
