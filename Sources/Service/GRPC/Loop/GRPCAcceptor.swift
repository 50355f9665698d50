import CLinux
import Glibc

/// Accepts the connections of all addresses on one thread, and deals them out to all loops.
///
/// One thread, because Envoy opens only a few connections: the kernel would spread them unevenly.
final class GRPCAcceptor: @unchecked Sendable {
  private let metrics: GRPCServerMetrics
  private let connectionsMax: Int
  private let isUnix: [Bool]
  /// Set before the thread starts.
  private var loops: [GRPCLoop] = []

  // Of the thread that accepts:

  /// Listening and not blocking; empty once the server stops.
  private(set) var descriptors: [Int32]
  private var nextLoop = 0

  /// Takes over descriptors that listen and do not block.
  init(
    _ listeners: [(descriptor: Int32, isUnix: Bool)], metrics: GRPCServerMetrics,
    connectionsMax: Int
  ) {
    descriptors = listeners.map(\.descriptor)
    isUnix = listeners.map(\.isUnix)
    self.metrics = metrics
    self.connectionsMax = connectionsMax
  }

  deinit { stopListening() }

  func deal(to loops: [GRPCLoop]) { self.loops = loops }

  func stopListening() {
    for descriptor in descriptors { close(descriptor) }
    descriptors = []
  }

  /// Accepts what waits at a listener.
  ///
  /// - Returns: False when the process can't have more descriptors: the listener then stays
  ///   readable, and asking again at once is of no use.
  func accept(_ index: Int) -> Bool {
    guard descriptors.indices.contains(index) else { return true }
    while true {
      var address = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let descriptor = withUnsafeMutableBytes(of: &address) { bytes in
        Glibc.accept(
          descriptors[index], bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
      }
      guard descriptor >= 0 else {
        switch errno {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return false
        // The client gave up while it waited.
        case ECONNABORTED, EINTR, EPROTO: continue
        default: return true
        }
      }
      place(descriptor, client: isUnix[index] ? "unix" : Self.text(of: address))
    }
  }

  private func place(_ descriptor: Int32, client: String) {
    guard metrics.connectionOpened(limit: connectionsMax) else {
      close(descriptor)
      return
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    if client != "unix" {
      var one: Int32 = 1
      setsockopt(
        descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }
    loops[nextLoop].post(.connection(descriptor: descriptor, client: client))
    nextLoop = (nextLoop + 1) % loops.count
  }

  /// A peer's IP address; IPv4 is written as such even where it came through an IPv6 socket.
  private static func text(of address: sockaddr_storage) -> String {
    let text = withUnsafeBytes(of: address) { bytes in
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
        let isIPv4 = address.ss_family == AF_INET
        let offset =
          isIPv4
          ? MemoryLayout<sockaddr_in>.offset(of: \.sin_addr)
          : MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)
        let place = bytes.baseAddress.map { $0 + (offset ?? 0) }
        let text = inet_ntop(
          isIPv4 ? AF_INET : AF_INET6, place, buffer.baseAddress, socklen_t(buffer.count))
        return text.map { String(cString: $0) } ?? ""
      }
    }
    let mapped = "::ffff:"
    return text.hasPrefix(mapped) && text.contains(".")
      ? String(text.dropFirst(mapped.count)) : text
  }
}
