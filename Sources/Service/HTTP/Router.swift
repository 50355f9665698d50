/// Finds the handler of a path and method.
///
/// A pattern is an exact path, or ends in one parameter in braces that stands for the rest of the
/// path, slashes and all: `/v1/reservations/{id}`. Exact paths win, then the longest pattern.
package struct Router: Sendable {
  package typealias Handler =
    @Sendable (borrowing HTTPRequest) throws(HTTPError) -> HTTPResponse
  package typealias ParameterHandler =
    @Sendable (borrowing HTTPRequest, _ parameter: String) throws(HTTPError) -> HTTPResponse
  package typealias DeferredParameterHandler =
    @Sendable (borrowing HTTPRequest, _ parameter: String, HTTPReply) throws(HTTPError) -> Void

  private enum Route {
    case immediate(Handler)
    case deferred(HTTPServer.Handler)
  }

  private struct Pattern {
    var prefix: String
    var handlers: [HTTPMethod: ParameterRoute]
  }

  private enum ParameterRoute {
    case immediate(ParameterHandler)
    case deferred(DeferredParameterHandler)
  }

  private var exact: [String: [HTTPMethod: Route]] = [:]
  /// Longest prefix first.
  private var patterns: [Pattern] = []

  package init() {}

  /// Adds a route of one exact path; `GET` answers `HEAD` too.
  package mutating func on(_ method: HTTPMethod, _ path: String, _ handler: @escaping Handler) {
    add(method, path, .immediate(handler))
  }

  /// Adds a route of one exact path whose handler answers when it can, from any thread.
  package mutating func onDeferred(
    _ method: HTTPMethod, _ path: String, _ handler: @escaping HTTPServer.Handler
  ) {
    add(method, path, .deferred(handler))
  }

  private mutating func add(_ method: HTTPMethod, _ path: String, _ route: Route) {
    precondition(exact[path]?[method] == nil, "\(method.rawValue) \(path) has two handlers")
    exact[path, default: [:]][method] = route
  }

  /// Adds a route whose `pattern` ends in a parameter.
  package mutating func on(
    _ method: HTTPMethod, parameter pattern: String, _ handler: @escaping ParameterHandler
  ) {
    add(method, parameter: pattern, .immediate(handler))
  }

  /// Adds a route whose `pattern` ends in a parameter and whose handler answers when it can, from
  /// any thread, unless it throws.
  package mutating func onDeferred(
    _ method: HTTPMethod, parameter pattern: String, _ handler: @escaping DeferredParameterHandler
  ) {
    add(method, parameter: pattern, .deferred(handler))
  }

  private mutating func add(
    _ method: HTTPMethod, parameter pattern: String, _ route: ParameterRoute
  ) {
    guard let brace = pattern.firstIndex(of: "{"), pattern.hasSuffix("}") else {
      preconditionFailure("the pattern \(pattern) does not end in a parameter")
    }
    let prefix = String(pattern[..<brace])
    if let index = patterns.firstIndex(where: { $0.prefix == prefix }) {
      precondition(
        patterns[index].handlers[method] == nil, "\(method.rawValue) \(pattern) has two handlers")
      patterns[index].handlers[method] = route
    } else {
      patterns.append(Pattern(prefix: prefix, handlers: [method: route]))
      patterns.sort { $0.prefix.utf8.count > $1.prefix.utf8.count }
    }
  }

  /// Lets the request's handler answer, or answers that there is none.
  package func respond(to request: borrowing HTTPRequest, _ reply: HTTPReply) {
    do throws(HTTPError) {
      if let response = try route(request, reply) { reply.send(response) }
    } catch {
      reply.send(HTTPResponse(error))
    }
  }

  /// The answer, or nil when the handler answers itself.
  private func route(
    _ request: borrowing HTTPRequest, _ reply: HTTPReply
  ) throws(HTTPError) -> HTTPResponse? {
    let path = request.path
    if let routes = exact[path] {
      switch try Self.select(routes, request.method) {
      case .immediate(let handler): return try handler(request)
      case .deferred(let handler):
        handler(request, reply)
        return nil
      }
    }
    for pattern in patterns where path.utf8.starts(with: pattern.prefix.utf8) {
      let parameter = String(Substring(path.utf8.dropFirst(pattern.prefix.utf8.count)))
      guard !parameter.isEmpty else { continue }
      switch try Self.select(pattern.handlers, request.method) {
      case .immediate(let handler): return try handler(request, parameter)
      case .deferred(let handler):
        try handler(request, parameter, reply)
        return nil
      }
    }
    throw .notFound("there is nothing at this path")
  }

  private static func select<H>(
    _ handlers: [HTTPMethod: H], _ method: HTTPMethod
  ) throws(HTTPError) -> H {
    if let handler = handlers[method] { return handler }
    if method == .head, let handler = handlers[.get] { return handler }
    throw .methodNotAllowed(Array(handlers.keys))
  }
}
