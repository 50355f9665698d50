import KVIndexer
import Service
import Testing

/// What an examination finds about LoRA adapters, and about names of models.
@Suite struct DoctorAdapterTests {
  @Test(arguments: [nil, "chat"])
  func `an adapter shares nothing with its model, and is known by its events`(
    _ wanted: String?
  ) throws {
    let harness = try DoctorHarness(adapters: ["sql", "chat"])
    defer { harness.stop() }
    let found = try harness.examine { $0.adapter = wanted }
    #expect(found.codes == [] && found.verdicts(.lora) == [.ok])
    #expect(
      found[.lora]?.note == "'\(wanted ?? "sql")' shares nothing, and is known by its events")
  }

  @Test func `events that do not name the adapter are a warning`() throws {
    let harness = try DoctorHarness(adapters: ["sql"]) { $0.generation = .v011 }
    defer { harness.stop() }
    let found = try harness.examine(timeout: DoctorHarness.impatience)
    #expect(
      found.codes == [
        "events:old_format", "salt:salt_not_announced", "lora:adapter_not_announced",
      ])
    #expect(found[.lora]?.problems.first?.mend == "Use vLLM 0.24 or later.")
  }

  @Test func `an adapter that is the model under another name is a fault`() throws {
    let harness = try DoctorHarness(adapters: ["sql"]) { $0.honoursAdapters = false }
    defer { harness.stop() }
    let found = try harness.examine()
    #expect(found.codes == ["lora:adapter_ignored"])
    #expect(found[.lora]?.problems.first?.found.hasPrefix("192 tokens ") == true)
  }

  @Test(arguments: [true, false])
  func `an adapter that has to be there and is not is a fault`(sendsProbes: Bool) throws {
    let harness = try DoctorHarness(adapters: ["sql"])
    defer { harness.stop() }
    let found = try harness.examine {
      $0.adapter = "math"
      $0.sendsProbes = sendsProbes
    }
    #expect(found.codes == ["lora:adapter_missing"])
    #expect(found[.lora]?.problems.first?.found.contains("serves 'sql', and not") == true)
    #expect(found[.lora]?.problems.first?.mend.contains("--lora-modules math=PATH") == true)
  }

  @Test func `an endpoint that is called by its adapter is examined under its model`() throws {
    let harness = try DoctorHarness(adapters: ["sql"])
    defer { harness.stop() }
    let found = try harness.examine(harness.entry(model: "sql"))
    #expect(found.codes == [] && found.verdicts(.probe, .lora) == [.ok, .ok])
  }

  @Test func `a model that is not served is told with all that is, and the line to write`() throws {
    let harness = try DoctorHarness(name: "llama", adapters: ["sql"])
    defer { harness.stop() }
    let found = try harness.examine(harness.entry(model: "math")) { $0.sendsProbes = false }
    let problem = try #require(found[.reach]?.problems.first)
    #expect(problem.code == "other_model")
    #expect(
      problem.found
        == "'math' is configured, but the engine serves 'llama' (adapters: 'sql').")
    #expect(problem.mend.contains("`model: llama`"))
    #expect(problem.mend.contains("`--served-model-name math`"))
    #expect(problem.mend.contains("--lora-modules math=PATH"))
  }
}
