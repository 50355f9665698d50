import Service

/// `kvindexer register`: makes an endpoint known to a running service, for as long as it runs.
enum RegisterCommand: Command {
  static let help = """
    usage: kvindexer register SPEC [OPTIONS]

    Makes an endpoint known to a running service, renews that until SIGTERM or SIGINT, and takes it
    back. A service that can't be reached is tried again. SPEC is that of `serve --endpoint`:
    name=vllm-0,address=10.0.0.7,port=8000,events=tcp://10.0.0.7:5557,replay=tcp://10.0.0.7:5558

      --ttl SECONDS        the service forgets the endpoint so long after the last renewal (60)
      --once               register, and leave it to somebody else to renew
    \(ServiceLocation.help)
    """

  /// Renewals in the time that a registration holds, so that one or two may fail.
  private static let renewalsPerLifetime = 3

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    let lifetime = try arguments.integer("--ttl", in: 5...86_400) ?? 60
    let isOnce = arguments.flag("--once")
    let spec = try arguments.word("SPEC")
    try arguments.finish()
    let registration = try EndpointOptions.registration(spec, lifetimeSeconds: lifetime)
    let path = "/v1/endpoints/\(ServiceQuery.encoded(registration.name))"
    let signal = StopSignal()
    let log = Log()
    if isOnce {
      print(String(decoding: try location.put(path, body: registration.body), as: UTF8.self))
      return 0
    }
    var isRegistered = false
    repeat {
      do {
        _ = try location.put(path, body: registration.body)
        if !isRegistered { log(.info, "\(registration.name) is registered") }
        isRegistered = true
      } catch let refusal as ServiceFailure where !refusal.isTemporary {
        throw refusal
      } catch {
        log(.warning, "\(registration.name) could not be registered and is tried again: \(error)")
        isRegistered = false
      }
    } while !signal.wait(atMost: .seconds(lifetime) / renewalsPerLifetime)
    try location.delete(path)
    return 0
  }
}

/// `kvindexer unregister`: takes an endpoint back that was registered.
enum UnregisterCommand: Command {
  static let help = """
    usage: kvindexer unregister NAME [OPTIONS]

    \(ServiceLocation.help)
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    let name = try arguments.word("NAME")
    try arguments.finish()
    try location.delete("/v1/endpoints/\(ServiceQuery.encoded(name))")
    return 0
  }
}
