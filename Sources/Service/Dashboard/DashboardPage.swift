import COpenSSL
import Foundation

/// The page at `/`: one document that needs nothing from elsewhere.
///
/// Its style and its script are put into it when it is first asked for. The policy that goes with
/// it names them by their digests and allows nothing else: no other script, no text that becomes
/// markup, no connection but to this server.
enum DashboardPage {
  /// In the order in which one builds on the others.
  private static let scripts = [
    PackageResources.dom_js, PackageResources.format_js, PackageResources.server_js,
    PackageResources.chart_js, PackageResources.charts_js, PackageResources.endpoints_js,
    PackageResources.details_js, PackageResources.prefixes_js, PackageResources.explain_js,
    PackageResources.decisions_js, PackageResources.page_js,
  ]

  static let response: HTTPResponse = {
    let style = text(PackageResources.page_css)
    let script = scripts.map(text).joined(separator: "\n")
    let html = text(PackageResources.page_html)
      .replacing("<style></style>", with: "<style>\(style)</style>")
      .replacing(
        "<script type=\"module\"></script>", with: "<script type=\"module\">\(script)</script>")
    return HTTPResponse(
      contentType: "text/html; charset=utf-8",
      headers: [
        (name: "Content-Security-Policy", value: policy(style: style, script: script)),
        (name: "Cache-Control", value: "no-cache"),
        (name: "X-Content-Type-Options", value: "nosniff"),
        (name: "Referrer-Policy", value: "no-referrer"),
      ], body: Array(html.utf8))
  }()

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func policy(style: String, script: String) -> String {
    [
      "default-src 'none'", "script-src '\(digest(script))'", "style-src '\(digest(style))'",
      "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'",
      "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")
  }

  private static func digest(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let digest = [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
      SHA256(bytes, bytes.count, digest.baseAddress)
      count = Int(SHA256_DIGEST_LENGTH)
    }
    return "sha256-" + Data(digest).base64EncodedString()
  }
}
