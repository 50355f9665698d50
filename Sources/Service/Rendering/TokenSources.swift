/// Where the tokens of prompts come from, and the names of what they are for: renderers and the
/// models that the endpoints serve.
final class TokenSources: Sendable {
  /// Nil when rendering is switched off.
  let renderer: Renderer?
  let servedModels: ServedModels

  /// - Throws: `HTTPClientError` when libcurl does not start.
  init(_ rendering: RendererSettings?, log: Log) throws {
    renderer = try rendering.map { try Renderer(settings: $0, log: log) }
    servedModels = try ServedModels(security: rendering?.security ?? .init())
  }

  /// Takes over the fleet's members.
  func set(_ members: [FleetMembership.Member]) {
    renderer?.setEndpoints(
      members.map { member in
        RenderEndpoint(
          name: member.name, server: .url("http://\(member.configuration.authority)"),
          models: member.model.isEmpty ? [] : [member.model])
      })
    servedModels.set(members)
  }

  func stop() {
    renderer?.stop()
    servedModels.stop()
  }
}
