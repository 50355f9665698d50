import Service

/// `kvindexer doctor`: examines endpoints step by step, and says what mends what is wrong.
enum DoctorCommand: Command {
  static let help = """
    usage: kvindexer doctor (--endpoints FILE | --endpoint SPEC… | --server URL) [OPTIONS]

    Examines each endpoint step by step: its HTTP API and model, its KV events and their replay,
    rendering, and whether a new prompt that is sent twice is predicted. Costs each engine a few
    short requests, unless --no-probe.

    \(DoctorOptions.help)

    Exit status: 0 when nothing is wrong, or warnings only; 1 with --strict when there are warnings;
    2 when there are faults, or no endpoint; 64 when the command line is wrong; 130 when interrupted.
    """

  static let warningStatus: Int32 = 1
  static let faultStatus: Int32 = 2
  private static let usageStatus: Int32 = 64
  private static let interruptedStatus: Int32 = 130

  static func run(_ given: Arguments) throws -> Int32 {
    do {
      var arguments = given
      return try examine(try DoctorOptions(&arguments))
    } catch let error as UsageError {
      Log.standardError(
        "kvindexer: doctor: \(error.message)\nkvindexer doctor --help tells the options.\n")
      return usageStatus
    } catch {
      // A configuration that can't be read is the first thing that is wrong.
      Log.standardError("kvindexer: doctor: \(error)\n")
      return faultStatus
    }
  }

  private static func examine(_ options: DoctorOptions) throws -> Int32 {
    let signal = StopSignal()
    let doctor = try Doctor(options.settings)
    defer { doctor.stop() }
    doctor.start(try options.endpoints(doctor))
    let isInterrupted = signal.wait(or: doctor.isDone)
    doctor.stop()
    let report = doctor.report
    if options.isJSON {
      print(String(decoding: report.json, as: UTF8.self))
    } else {
      Screen.standardOutput.print(DoctorView.lines(report))
    }
    return isInterrupted ? interruptedStatus : status(report.verdict, isStrict: options.isStrict)
  }

  /// The exit status that a verdict is.
  static func status(_ verdict: DoctorVerdict, isStrict: Bool) -> Int32 {
    switch verdict {
    case .fault: faultStatus
    case .warning where isStrict: warningStatus
    case .warning, .ok, .skipped: 0
    }
  }
}
