import Service

/// `kvindexer endpoints`: the endpoints and how far each can be believed.
enum EndpointsCommand: Command {
  static let help = """
    usage: kvindexer endpoints [OPTIONS]

    \(ServiceLocation.help)
    """

  private struct Answer: Decodable {
    struct Endpoint: Decodable {
      var endpoint: String
      var address: String
      var model: String?
      var ranks: Int
      var blocks: Int
      var trust: String
      var reason: String?
    }
    var endpoints: [Endpoint]
  }

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    try arguments.finish()
    let body = try location.ask("/v1/endpoints")
    if location.isJSON {
      print(String(decoding: body, as: UTF8.self))
      return 0
    }
    let answer = try location.read(Answer.self, from: body)
    var table = TextTable(["ENDPOINT", "ADDRESS", "MODEL", "RANKS", "BLOCKS", "TRUST", ""])
    for endpoint in answer.endpoints {
      table.add([
        endpoint.endpoint, endpoint.address, endpoint.model ?? "-", "\(endpoint.ranks)",
        "\(endpoint.blocks)", endpoint.trust, endpoint.reason ?? "",
      ])
    }
    print(table.text)
    return 0
  }
}
