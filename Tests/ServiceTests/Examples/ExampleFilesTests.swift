import Foundation
import Testing

@testable import Service

@Suite struct ExampleFilesTests {
  @Test(arguments: ["workstation", "workstation-approximate", "pd"])
  func `an example's endpoints are read without a fault`(folder: String) throws {
    let path = Project.path("examples/\(folder)/endpoints.yaml")
    let file = try EndpointsFile(parsing: FileBytes.read(path, atMost: 1 << 20), file: path)
    #expect(file.warnings.isEmpty)
    #expect(file.endpoints.count >= 2)
    // llm-d's picker reads the same files, and takes IPv4 addresses only.
    #expect(file.endpoints.allSatisfy { $0.address.kind == .ipv4 })
  }

  @Test(arguments: ["workstation", "workstation-approximate", "pd", "slurm", "ray"])
  func `an example's configuration has nothing to warn of`(folder: String) throws {
    let path = Project.path("examples/\(folder)/epp.yaml")
    let configuration = try PickerConfiguration(
      parsing: FileBytes.read(path, atMost: 1 << 20), file: path, allowsExperimentalPlugins: false)
    #expect(configuration.warnings.isEmpty)
    #expect(configuration.setup.discovery?.plugin.watchFile == true)
    #expect((configuration.setup.preciseProducer != nil) == (folder != "workstation-approximate"))
  }

  @Test(
    arguments: [
      ("workstation", "workstation-approximate", "envoy.yaml"), ("slurm", "ray", "envoy.yaml"),
    ])
  func `files that are said to be the same are`(one: String, other: String, name: String) throws {
    let texts = try [one, other].map {
      try FileBytes.read(Project.path("examples/\($0)/\(name)"), atMost: 1 << 20)
    }
    #expect(texts[0] == texts[1])
  }

  @Test(arguments: ["workstation", "workstation-approximate", "pd", "slurm", "ray"])
  func `Envoy's file shows requests and responses to the picker, trailers and all`(
    folder: String
  ) throws {
    let path = Project.path("examples/\(folder)/envoy.yaml")
    let text = String(decoding: try FileBytes.read(path, atMost: 1 << 20), as: UTF8.self)
    for line in [
      "request_body_mode: FULL_DUPLEX_STREAMED", "response_body_mode: FULL_DUPLEX_STREAMED",
      "request_trailer_mode: SEND", "response_trailer_mode: SEND",
      "http_header_name: x-gateway-destination-endpoint",
      "- remove: x-gateway-destination-endpoint",
      "service_name: envoy.service.ext_proc.v3.ExternalProcessor",
    ] { #expect(text.contains(line), "\(line)") }
  }
}

/// The folder that the tests are in.
enum Project {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("../../..").standardized

  static func path(_ relative: String) -> String {
    root.appendingPathComponent(relative).path
  }
}
