import Service

/// Envoy, ext_proc servers and engines, all running.
final class EnvoyStand {
  static let engines = 8

  let fleet: StandInFleet
  private let renderer: StandInEngine
  private let scratch: TemporaryDirectory
  private(set) var processors: [String: ChildProcess] = [:]
  private var listeners: [EnvoyConfiguration.Listener] = []
  private(set) var envoy: ChildProcess?

  /// Starts what the ways of routing need.
  init(
    _ arms: [EnvoyArm], sets: [SharedPrompts], rendered: [SharedPrompts], _ options: ExtProcOptions
  ) throws {
    // Missing programs are told of before anything is started.
    let envoyPath = try ProgramPath.envoy(options.envoy)
    let needsPicker = arms.contains { $0 == .approximate || $0.hasHolder }
    let pickerPath = needsPicker ? try ProgramPath.epp(options.epp) : ""
    scratch = try TemporaryDirectory(for: "kvbench")
    fleet = try StandInFleet(engines: Self.engines, holding: sets, renders: RenderTable())
    renderer = try StandInEngine(
      Self.engines, context: ZMQContext(), renders: RenderTable(rendered))
    do {
      let names = EnvoyArm.allCases.filter(arms.contains).map(\.listener)
      for name in names where !listeners.contains(where: { $0.name == name }) {
        try addListener(name, pickerPath)
      }
      let text = EnvoyConfiguration(listeners: listeners).text
      let file = try scratch.write(Array(text.utf8), to: "envoy.yaml")
      let envoy = try ChildProcess(
        envoyPath, EnvoyConfiguration.arguments(file: file),
        outputFile: scratch.path(of: "envoy.log"))
      self.envoy = envoy
      for listener in listeners { try envoy.waitUntilListening(listener.port) }
    } catch {
      stop()
      throw error
    }
  }

  private func addListener(_ name: String, _ pickerPath: String) throws {
    var listener = EnvoyConfiguration.Listener(
      name: name, port: try LoopbackSocket.freePorts(1)[0], processorPort: nil)
    if [EnvoyArm.noOp.listener, EnvoyArm.noOpWhole.listener].contains(name) {
      let server = try NoOpProcessor.start(
        destinations: (0..<Self.engines).map(fleet.address),
        waitsForBody: name == EnvoyArm.noOpWhole.listener, in: scratch)
      processors[name] = server.process
      listener.processorPort = server.port
    } else if let configuration = PickerVariant(rawValue: name) {
      let picker = try PickerProcess(
        pickerPath, configuration, fleet: fleet, renderer: "http://127.0.0.1:\(renderer.port)",
        in: scratch)
      processors[name] = picker.process
      listener.processorPort = picker.port
    }
    listeners.append(listener)
  }

  /// Where requests are routed in a way.
  func port(for arm: EnvoyArm) -> UInt16 {
    listeners.first { $0.name == arm.listener }?.port ?? 0
  }

  /// The ext_proc server of a way of routing.
  func processor(for arm: EnvoyArm) -> ChildProcess? { processors[arm.listener] }

  /// Ends all programs.
  func stop() {
    envoy?.stop()
    for process in processors.values { process.stop() }
    fleet.stop()
    renderer.stop()
    scratch.remove()
  }
}
