import CLinux
import Glibc

/// A bound, listening socket; a Unix one removes its file when it goes.
struct ListeningSocket: ~Copyable {
  /// Identifies a socket's file, so that a successor's is left alone.
  private struct SocketFile {
    var path: String
    var device: dev_t
    var inode: ino_t
  }

  private let descriptor: Int32
  private let file: SocketFile?
  /// With the real port when port 0 was asked for.
  let address: ListenAddress

  deinit {
    close(descriptor)
    guard let file else { return }
    var status = stat()
    if lstat(file.path, &status) == 0, status.st_dev == file.device, status.st_ino == file.inode {
      unlink(file.path)
    }
  }

  /// Binds `address` and listens on it.
  static func listen(on address: ListenAddress) throws(SystemError) -> ListeningSocket {
    switch address {
    case .tcp(let host, let port): try listen(host: host, port: port)
    case .unix(let path, let mode): try listen(path: path, mode: mode)
    }
  }

  /// Another descriptor of the same socket, which its new owner closes.
  func duplicate() throws(SystemError) -> Int32 {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw SystemError("serve \(address)") }
    return copy
  }

  // MARK: TCP

  private static func listen(host: String, port: UInt16) throws(SystemError) -> ListeningSocket {
    let operation = "listen on \(ListenAddress.tcp(host: host, port: port))"
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    // Every interface: a socket of IPv6 takes IPv4 too, and the other way round it does not.
    if host.isEmpty, hasIPv6 { hints.ai_family = AF_INET6 }
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host.isEmpty ? nil : host, "\(port)", &hints, &found)
    guard status == 0, let found else {
      throw SystemError(operation, reason: String(cString: gai_strerror(status)))
    }
    defer { freeaddrinfo(found) }
    let descriptor = try open(family: found.pointee.ai_family, operation)
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    if host.isEmpty {
      var zero: Int32 = 0
      setsockopt(
        descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &zero, socklen_t(MemoryLayout<Int32>.size))
    }
    guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
      throw failure(operation, closing: descriptor)
    }
    try startListening(descriptor, operation)
    let bound = ListenAddress.tcp(host: host, port: try boundPort(descriptor, operation))
    return ListeningSocket(descriptor: descriptor, file: nil, address: bound)
  }

  /// Kernels can be built, and started, without it.
  private static var hasIPv6: Bool {
    let probe = socket(AF_INET6, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    if probe >= 0 { close(probe) }
    return probe >= 0
  }

  private static func boundPort(
    _ descriptor: Int32, _ operation: String
  ) throws(SystemError) -> UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let status = withUnsafeMutableBytes(of: &storage) { bytes in
      getsockname(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
    }
    guard status == 0 else { throw failure(operation, closing: descriptor) }
    // IPv4 and IPv6 keep the port in the same place.
    return withUnsafeBytes(of: storage) {
      UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))
    }
  }

  // MARK: Unix

  private static func listen(path: String, mode: UInt32) throws(SystemError) -> ListeningSocket {
    let operation = "listen on unix:\(path)"
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    let pathBytes = Array(path.utf8)
    guard pathBytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
      throw SystemError(operation, errno: ENAMETOOLONG)
    }
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: pathBytes) }
    try removeStaleSocket(path, name, operation)
    let descriptor = try open(family: AF_UNIX, operation)
    // The file is created with the descriptor's mode, so it is never wider than asked for.
    guard fchmod(descriptor, mode) == 0,
      withSocketAddress(name, { bind(descriptor, $0, $1) }) == 0
    else { throw failure(operation, closing: descriptor) }
    var status = stat()
    // The process's umask took bits away in between.
    guard chmod(path, mode) == 0, lstat(path, &status) == 0 else {
      throw failure(operation, closing: descriptor)
    }
    try startListening(descriptor, operation)
    return ListeningSocket(
      descriptor: descriptor,
      file: SocketFile(path: path, device: status.st_dev, inode: status.st_ino),
      address: .unix(path: path, mode: mode))
  }

  /// Removes the socket that a killed server left, but not a file, and not a living server's socket.
  private static func removeStaleSocket(
    _ path: String, _ name: sockaddr_un, _ operation: String
  ) throws(SystemError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw SystemError(operation, reason: "the path exists and is not a socket")
    }
    let probe = try open(family: AF_UNIX, operation)
    let isRefused =
      withSocketAddress(name) { connect(probe, $0, $1) } != 0 && errno == ECONNREFUSED
    close(probe)
    guard isRefused else { throw SystemError(operation, errno: EADDRINUSE) }
    guard unlink(path) == 0 else { throw SystemError(operation) }
  }

  private static func withSocketAddress<R>(
    _ name: sockaddr_un, _ body: (UnsafePointer<sockaddr>?, socklen_t) -> R
  ) -> R {
    withUnsafeBytes(of: name) { bytes in
      body(bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
  }

  // MARK: Both

  private static func open(family: Int32, _ operation: String) throws(SystemError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(family, type, 0)
    guard descriptor >= 0 else { throw SystemError(operation) }
    return descriptor
  }

  private static func startListening(
    _ descriptor: Int32, _ operation: String
  ) throws(SystemError) {
    guard Glibc.listen(descriptor, SOMAXCONN) == 0 else {
      throw failure(operation, closing: descriptor)
    }
  }

  private static func failure(_ operation: String, closing descriptor: Int32) -> SystemError {
    let error = SystemError(operation)
    close(descriptor)
    return error
  }
}
