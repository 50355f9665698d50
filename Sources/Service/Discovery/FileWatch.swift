import CLinux
import Glibc

/// Tells when the content of a file, or an entry of a directory, may have changed.
///
/// That is when it was written, replaced, deleted, made again, or reached through a link that was
/// turned. It watches directories, because a watch on the file itself is lost when the file is
/// replaced. A file that is being written is told of when its writer closes it. Changes that are
/// there together are told of once. The renaming of a directory above the file's own goes unnoticed.
package final class FileWatch: Sendable {
  private let thread: WorkerThread
  private let wakeUp: WakeUp

  /// Watches `path` from now on; nothing needs to exist there yet.
  ///
  /// - Parameter onChange: Called on a thread of the watch's own.
  package init(
    _ path: String, onChange: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    let wakeUp = WakeUp()
    let loop = try FileWatchLoop(path, stop: wakeUp, onChange: onChange)
    self.wakeUp = wakeUp
    thread = WorkerThread(name: "file-watch") { loop.run() }
  }

  deinit { stop() }

  /// Ends the watch; when it returns no call is under way and none will come.
  ///
  /// It waits for the watch's thread, so `onChange` must not call it.
  package func stop() {
    wakeUp.signal()
    thread.join()
  }
}

/// The watch's thread and what belongs to it alone.
private final class FileWatchLoop: @unchecked Sendable {
  private static let mask =
    UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM) | UInt32(IN_CREATE)
    | UInt32(IN_DELETE) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_ONLYDIR)

  private struct Directory {
    var path: String
    var names: Set<String>
    /// Whether all names count.
    var isWhole: Bool
  }

  private let path: String
  private let stop: WakeUp
  private let onChange: @Sendable () -> Void
  private let inotify: Int32
  private var directories: [Int32: Directory] = [:]

  init(
    _ path: String, stop: WakeUp, onChange: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    self.path = path.hasPrefix("/") ? path : "\(Self.workingDirectory())/\(path)"
    self.stop = stop
    self.onChange = onChange
    inotify = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    guard inotify >= 0 else { throw SystemError("watch \(path)") }
    refresh()
    guard !directories.isEmpty else { throw SystemError("watch \(path)") }
  }

  deinit { close(inotify) }

  func run() {
    while true {
      var polled = [
        pollfd(fd: inotify, events: Int16(POLLIN), revents: 0),
        pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0),
      ]
      let count = poll(&polled, 2, -1)
      precondition(count >= 0 || errno == EINTR, "poll: \(errno)")
      if polled[1].revents != 0 { return }
      if drain() {
        refresh()
        onChange()
      }
    }
  }

  /// Watches the directories that matter now, and no others.
  ///
  /// What is looked at may change before it is watched, so it is looked at again until it is the
  /// same; a path that will not hold still is left to the next event.
  private func refresh() {
    var names = WatchedNames(path)
    for _ in 0..<8 {
      watch(names)
      let again = WatchedNames(path)
      if again == names { return }
      names = again
    }
  }

  private func watch(_ wanted: WatchedNames) {
    var current: [Int32: Directory] = [:]
    var namesByDirectory = wanted.namesByDirectory
    if let whole = wanted.wholeDirectory { namesByDirectory[whole] = namesByDirectory[whole] ?? [] }
    for (directory, names) in namesByDirectory {
      let descriptor = inotify_add_watch(inotify, directory, Self.mask)
      // It was deleted just now: the next look will not want it.
      guard descriptor >= 0 else { continue }
      var entry = current[descriptor] ?? Directory(path: directory, names: [], isWhole: false)
      entry.names.formUnion(names)
      entry.isWhole = entry.isWhole || directory == wanted.wholeDirectory
      current[descriptor] = entry
    }
    for descriptor in directories.keys where current[descriptor] == nil {
      inotify_rm_watch(inotify, descriptor)
    }
    directories = current
  }

  /// Reads all events that are there; returns whether one of them matters.
  private func drain() -> Bool {
    var matters = false
    withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 8) { buffer in
      while true {
        let count = read(inotify, buffer.baseAddress, buffer.count)
        guard count > 0 else { return }
        var offset = 0
        while offset < count {
          let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
          let nameStart = offset + MemoryLayout<inotify_event>.size
          let name = buffer[nameStart..<nameStart + Int(event.len)].prefix { $0 != 0 }
          if isRelevant(event, String(decoding: name, as: UTF8.self)) { matters = true }
          offset = nameStart + Int(event.len)
        }
      }
    }
    return matters
  }

  private func isRelevant(_ event: inotify_event, _ name: String) -> Bool {
    if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
    guard let directory = directories[event.wd] else { return false }
    // Without a name it is the directory itself that was deleted or moved.
    guard !name.isEmpty else { return true }
    guard directory.isWhole || directory.names.contains(name) else { return false }
    let isMade = event.mask & UInt32(IN_CREATE) != 0
    return !isMade || !isBeingWritten("\(directory.path)/\(name)")
  }

  /// Whether a new entry is a file that its writer still has to close; links come complete.
  private func isBeingWritten(_ path: String) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFREG && status.st_nlink == 1
  }

  private static func workingDirectory() -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      getcwd(buffer.baseAddress, buffer.count).map { String(cString: $0) } ?? ""
    }
  }
}
