import Foundation
import Testing

@testable import Service

@Suite struct EndpointGeneratorTests {
  /// What a generator writes, read as epp reads it; `env` keeps the machine's own Slurm away.
  private func endpoints(
    _ generator: String, _ arguments: [String], environment: [String] = [], input: String = ""
  ) throws -> [EndpointConfiguration] {
    let output = try Subprocess.run(
      "/usr/bin/env",
      ["-i", "PATH=/usr/bin:/bin"] + environment + [Project.path("scripts/\(generator)")]
        + arguments, input: input)
    let file = try EndpointsFile(parsing: Array(output.utf8), file: "generated")
    #expect(file.warnings.isEmpty)
    return file.endpoints
  }

  private func fault(_ generator: String, _ arguments: [String], input: String = "") -> String {
    do {
      return "no fault: \(try endpoints(generator, arguments, input: input))"
    } catch {
      return "\(error)"
    }
  }

  // MARK: Slurm

  @Test(
    arguments: [
      ("gpu1", ["gpu1"]), ("gpu[08-10]", ["gpu08", "gpu09", "gpu10"]),
      ("a[1,3-4],b", ["a1", "a3", "a4", "b"]),
      ("rack[1-2]n[1-2]", ["rack1n1", "rack1n2", "rack2n1", "rack2n2"]),
      ("n[001]x,10.0.0.7", ["n001x", "10.0.0.7"]),
    ])
  func `a job's node list is expanded`(nodes: String, hosts: [String]) throws {
    let found = try endpoints(
      "slurm-endpoints", [], environment: ["SLURM_JOB_NODELIST=\(nodes)", "SLURM_JOB_ID=7"])
    #expect(found.map(\.identity.name) == hosts)
    #expect(found.map { "\($0.address)" } == hosts)
    #expect(found.allSatisfy { $0.port == 8000 })
    let source = try #require(found[0].sources.first)
    #expect(source.eventAddress.description == "tcp://\(hosts[0]):5557")
    #expect(source.replayAddress?.description == "tcp://\(hosts[0]):6557")
  }

  @Test func `several engines of a host, and their ranks, get ports of their own`() throws {
    let found = try endpoints(
      "slurm-endpoints",
      [
        "--hosts", "a,b", "--per-host=2", "--ranks=4", "--port=9000", "--events-port=7000",
        "--replay-port=8000", "--model", "org/m \"x\"", "--label", "llm-d.ai/role=decode",
      ])
    #expect(found.map(\.identity.name) == ["a-0", "a-1", "b-0", "b-1"])
    #expect(found.map(\.port) == [9000, 9001, 9000, 9001])
    #expect(
      found[1].sources.map(\.eventAddress.description) == (7004...7007).map { "tcp://a:\($0)" })
    #expect(found[1].sources.first?.replayAddress?.description == "tcp://a:8004")
    #expect(found[0].model == "org/m \"x\"")
    #expect(found[0].labels == ["llm-d.ai/role": "decode"])
  }

  @Test func `hosts come from a file too, and names can be resolved`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("# engines\n\nlocalhost  # this one\n", to: "hosts")
    let found = try endpoints(
      "slurm-endpoints", ["--hosts-file", directory.path + "/hosts", "--resolve"])
    #expect(found.map { "\($0.address)" } == ["127.0.0.1"])
    #expect(found.map(\.identity.name) == ["localhost"])
  }

  @Test func `the file is put in place in one step`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("old", to: "endpoints.yaml")
    let path = directory.path + "/endpoints.yaml"
    try Subprocess.run(
      Project.path("scripts/slurm-endpoints"), ["--hosts", "a", "--output", path])
    let file = try EndpointsFile(parsing: FileBytes.read(path, atMost: 1 << 20), file: path)
    #expect(file.endpoints.map(\.identity.name) == ["a"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 1)
  }

  @Test(
    arguments: [
      ([], "SLURM_JOB_NODELIST is not set"), (["--hosts", "a[1-"], "brackets"),
      (["--hosts", "a[3-1]"], "no range"), (["--hosts", "a,a"], "named twice: a"),
      (["--hosts", "a;b"], "no host's name"), (["--hosts-file", "/nowhere"], "/nowhere"),
      (["--hosts", "a", "--port", "0"], "from 1 to 65535"),
      (["--hosts", "a", "--port", "65535", "--per-host", "2"], "beyond 65535"),
      (["--hosts", "a", "--replay-port", "5558", "--ranks", "2"], "overlap"),
      (["--hosts", "a", "--label", "x"], "KEY=VALUE"),
      (["--hosts", "a[1-999999]"], "more than 100000"),
      (["--hosts", "a", "--output", "/nowhere/e"], "cannot write /nowhere/e"),
    ])
  func `what is wrong is said in a sentence`(arguments: [String], part: String) {
    let text = fault("slurm-endpoints", arguments)
    #expect(text.contains(part), "\(text)")
    #expect(!text.contains("Traceback"))
  }

  // MARK: Ray

  private static let nodes = """
    [{"node_id": "n1", "node_ip": "10.0.0.1", "state": "ALIVE",
      "resources_total": {"CPU": 64.0, "GPU": 8.0, "memory": 1.0}},
     {"node_id": "n2", "node_ip": "10.0.0.2", "state": "DEAD", "resources_total": {"GPU": 8.0}},
     {"node_id": "n3", "node_ip": "10.0.0.3", "state": "ALIVE", "resources_total": {"CPU": 8.0}},
     {"node_id": "n4", "node_ip": "fd00::4", "state": "ALIVE", "resources_total": {"GPU": 4.0}}]
    """

  @Test func `living nodes have an engine for each so many GPUs`() throws {
    let found = try endpoints("ray-endpoints", ["--gpus-per-engine=4"], input: Self.nodes)
    #expect(found.map { "\($0.address)" } == ["10.0.0.1", "10.0.0.1", "[fd00::4]"])
    #expect(found.map(\.port) == [8000, 8001, 8000])
    #expect(found.last?.sources.first?.eventAddress.description == "tcp://[fd00::4]:5557")
  }

  @Test func `actors tell where engines are`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      """
      [{"class_name": "VLLMServer", "state": "ALIVE", "node_id": "n3"},
       {"class_name": "VLLMServer", "state": "DEAD", "node_id": "n1"},
       {"class_name": "Other", "state": "ALIVE", "node_id": "n1"}]
      """, to: "actors")
    let found = try endpoints(
      "ray-endpoints", ["--actors", directory.path + "/actors", "--events-port=0"],
      input: Self.nodes)
    #expect(found.map { "\($0.address)" } == ["10.0.0.3"])
    let text = fault(
      "ray-endpoints", ["--actors", directory.path + "/actors", "--class=None"],
      input: Self.nodes)
    #expect(text.contains("no living actor of None"))
  }

  @Test(
    arguments: [
      ("", "no JSON"), ("{}", "list of objects"), ("[1]", "list of objects"),
      ("[]", "no host with an engine"),
      (#"[{"state": "ALIVE", "node_ip": "10.0.0.1"}]"#, "'resources_total'; use --detail"),
      (#"[{"state": "ALIVE"}]"#, "'node_ip'"),
    ])
  func `what Ray did not say is said in a sentence`(input: String, part: String) {
    let text = fault("ray-endpoints", [], input: input)
    #expect(text.contains(part), "\(text)")
    #expect(!text.contains("Traceback"))
  }
}
