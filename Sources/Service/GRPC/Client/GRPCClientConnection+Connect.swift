import CLinux
import Glibc

extension GRPCClientConnection {
  /// A connected socket that waits.
  static func connect(to address: ListenAddress) throws(SystemError) -> Int32 {
    switch address {
    case .tcp(let host, let port): try connect(host: host, port: port)
    case .unix(let path, _): try connect(path: path)
    }
  }

  private static func connect(host: String, port: UInt16) throws(SystemError) -> Int32 {
    let operation = "connect to \(ListenAddress.tcp(host: host, port: port))"
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, "\(port)", &hints, &found)
    guard status == 0, let found else {
      throw SystemError(operation, reason: String(cString: gai_strerror(status)))
    }
    defer { freeaddrinfo(found) }
    let descriptor = try connect(
      family: found.pointee.ai_family, found.pointee.ai_addr, found.pointee.ai_addrlen, operation)
    var one: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    return descriptor
  }

  private static func connect(path: String) throws(SystemError) -> Int32 {
    let operation = "connect to unix:\(path)"
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    let pathBytes = Array(path.utf8)
    guard pathBytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
      throw SystemError(operation, errno: ENAMETOOLONG)
    }
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: pathBytes) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    return try withUnsafePointer(to: name) { name throws(SystemError) in
      try name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name throws(SystemError) in
        try connect(family: AF_UNIX, name, size, operation)
      }
    }
  }

  private static func connect(
    family: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t, _ operation: String
  ) throws(SystemError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, type, 0)
    guard descriptor >= 0 else { throw SystemError(operation) }
    guard Glibc.connect(descriptor, address, size) == 0 else {
      let error = SystemError(operation)
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }
}
