/// `GET /`: the dashboard.
extension IndexerAPI {
  /// The page itself holds no data; it asks for a token where the API wants one.
  func page() -> HTTPResponse { DashboardPage.response }
}
