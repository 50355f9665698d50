import Service

/// `--watch [SECONDS]`: shows an answer once, or over and over in the same place.
struct WatchOption {
  static let help = """
      --watch [SECONDS]    show it again every so often, in place, until Ctrl-C (2)
    """

  private static let secondsDefault = 2
  /// Nil to show it once.
  private let period: Duration?

  init(_ arguments: inout Arguments) throws(UsageError) {
    guard let given = try arguments.optionalInteger("--watch", in: 1...86_400) else {
      period = nil
      return
    }
    period = .seconds(given ?? Self.secondsDefault)
  }

  /// Shows what `lines` gives.
  ///
  /// - Throws: What `lines` throws the first time; later it is shown above what was there before,
  ///   because a service that restarts comes back.
  func show(_ screen: Screen = .standardOutput, _ lines: () throws -> [StyledText]) throws {
    var shown = try lines()
    guard let period else { return screen.print(shown) }
    let signal = StopSignal()
    screen.begin()
    defer { screen.end() }
    screen.redraw(shown)
    while !signal.wait(atMost: period) {
      do {
        shown = try lines()
        screen.redraw(shown)
      } catch {
        screen.redraw([StyledText("as it was before: \(error)", .bad), ""] + shown)
      }
    }
  }
}
