/// What an accepted endpoints file changed.
package struct EndpointsChange: Sendable {
  /// All endpoints from now on, in the order of the file.
  package var endpoints: [EndpointConfiguration]
  package var added: [EndpointConfiguration]
  package var removed: [EndpointConfiguration]
  /// Known before, by name and namespace, and different now.
  package var changed: [(old: EndpointConfiguration, new: EndpointConfiguration)]
  /// Fields of the file that were ignored.
  package var warnings: [YAMLFault]

  init(from old: [EndpointConfiguration], to file: EndpointsFile, path: String) {
    let oldByIdentity = Dictionary(uniqueKeysWithValues: old.map { ($0.identity, $0) })
    let identities = Set(file.endpoints.map(\.identity))
    endpoints = file.endpoints
    added = file.endpoints.filter { oldByIdentity[$0.identity] == nil }
    removed = old.filter { !identities.contains($0.identity) }
    changed = file.endpoints.compactMap { new in
      oldByIdentity[new.identity].flatMap { $0 == new ? nil : (old: $0, new: new) }
    }
    warnings = file.warnings
    if endpoints.isEmpty, !old.isEmpty {
      warnings.append(
        YAMLFault(
          file: path, mark: nil, path: "endpoints",
          message: "the list is empty now; all \(old.count) endpoints are gone"))
    }
  }
}

/// Follows an endpoints file, or a directory of them, and keeps to its last good content when a worse one appears.
package final class EndpointsWatcher: Sendable {
  package enum Event: Sendable {
    /// The file is good; it may be so again after a rejection, with nothing changed.
    case accepted(EndpointsChange)
    /// The file cannot be read or has faults; told once for each content.
    case rejected(YAMLError)
  }

  private let following: Following
  private let watch: FileWatch?

  /// Reads the file and follows it.
  ///
  /// - Parameters:
  ///   - path: A file, or a directory whose `.yaml`, `.yml` and `.json` files are one list.
  ///   - defaults: Where the events of endpoints are that do not say so.
  ///   - isWatching: Whether changes are noticed; without, only `reload` looks again.
  ///   - onEvent: Told of every good or bad content, one after the other, the first one included;
  ///     it runs on the calling thread for the first and on the watch's for others.
  /// - Throws: `YAMLError` when the file is not good to begin with, or cannot be watched.
  package init(
    _ path: String, defaults: KVEventsDefaults = KVEventsDefaults(), isWatching: Bool = true,
    onEvent: @escaping @Sendable (Event) -> Void
  ) throws(YAMLError) {
    let following = Following(path, defaults, onEvent)
    self.following = following
    do throws(SystemError) {
      // Before the first look, so that no change falls in between.
      watch = isWatching ? try FileWatch(path) { following.reload() } : nil
    } catch {
      throw YAMLError([YAMLFault(file: path, mark: nil, path: "", message: error.description)])
    }
    following.reload()
    if let rejection = following.rejection, !following.wasEverAccepted {
      watch?.stop()
      throw rejection
    }
  }

  /// The endpoints of the last good content.
  package var endpoints: [EndpointConfiguration] { following.endpoints }

  /// Why the file as it is now is not in force; nil when it is.
  package var rejection: YAMLError? { following.rejection }

  /// Looks at the file again.
  package func reload() { following.reload() }

  /// Ends the watch; no event comes afterwards.
  package func stop() { watch?.stop() }
}

/// The file's content as last seen, and the last good one.
private final class Following: @unchecked Sendable {
  private let path: String
  private let defaults: KVEventsDefaults
  private let onEvent: @Sendable (EndpointsWatcher.Event) -> Void
  /// Held while an event is told, so that events come in order.
  private let reloading = Lock()
  private var lastContent: EndpointsContent?
  /// Guards what follows, for those who ask in the meantime.
  private let state = Lock()
  private var current: [EndpointConfiguration]?
  private var currentRejection: YAMLError?

  init(
    _ path: String, _ defaults: KVEventsDefaults,
    _ onEvent: @escaping @Sendable (EndpointsWatcher.Event) -> Void
  ) {
    self.path = path
    self.defaults = defaults
    self.onEvent = onEvent
  }

  var endpoints: [EndpointConfiguration] { state.withLock { current ?? [] } }
  var wasEverAccepted: Bool { state.withLock { current != nil } }
  var rejection: YAMLError? { state.withLock { currentRejection } }

  func reload() {
    reloading.withLock {
      let content = EndpointsContent(path)
      guard content != lastContent else { return }
      lastContent = content
      do throws(YAMLError) {
        let file = try content.parse(defaults)
        let change = EndpointsChange(from: endpoints, to: file, path: path)
        state.withLock {
          current = file.endpoints
          currentRejection = nil
        }
        onEvent(.accepted(change))
      } catch {
        state.withLock { currentRejection = error }
        onEvent(.rejected(error))
      }
    }
  }
}
