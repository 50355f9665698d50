/// How the body of a response is made, as far as it can be read here.
public enum ResponseFormat: Sendable {
  /// One JSON value.
  case json
  /// Server-sent events whose data is JSON.
  case eventStream

  /// The format of a `content-type`, or nil for what is not read.
  ///
  /// A response without one is taken for JSON.
  public init?(contentType: String?) {
    guard let contentType else {
      self = .json
      return
    }
    let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    switch type {
    case "text/event-stream": self = .eventStream
    case "application/json", "": self = .json
    default:
      guard type.hasSuffix("+json") else { return nil }
      self = .json
    }
  }
}
