/// `GET /v1/overview` and `GET /v1/stream`: what the dashboard shows, once and from now on.
extension IndexerAPI {
  func currentOverview() -> HTTPResponse {
    HTTPResponse(contentType: "application/json", body: overview.json())
  }

  func streamOverview(_ reply: HTTPReply) {
    let head = HTTPResponse(
      contentType: "text/event-stream", headers: [(name: "Cache-Control", value: "no-cache")],
      body: [])
    guard !overview.follow({ reply.startStream(head) }) else { return }
    reply.send(
      HTTPResponse(.overloaded("\(Overview.clientsMax) dashboards are open already")))
  }
}
