import CLinux
import Glibc
import Service

/// TCP on 127.0.0.1.
enum LoopbackSocket {
  /// A connected socket without delays.
  static func connect(to port: UInt16) throws(SystemError) -> Int32 {
    let descriptor = try open()
    guard withAddress(port, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
      let error = SystemError("connect to 127.0.0.1:\(port)")
      close(descriptor)
      throw error
    }
    var isOn: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
    return descriptor
  }

  /// Whether somebody listens.
  static func canConnect(to port: UInt16) -> Bool {
    do throws(SystemError) {
      close(try connect(to: port))
      return true
    } catch {
      return false
    }
  }

  /// Ports that nobody listens on, for programs that have to be told theirs.
  ///
  /// Somebody else may take one before the program does; it then says so and ends.
  static func freePorts(_ count: Int) throws(SystemError) -> [UInt16] {
    var sockets: [Int32] = []
    defer { for descriptor in sockets { close(descriptor) } }
    var ports: [UInt16] = []
    for _ in 0..<count {
      let descriptor = try open()
      sockets.append(descriptor)
      guard withAddress(0, { bind(descriptor, $0, $1) }) == 0 else {
        throw SystemError("find a free port")
      }
      ports.append(try port(of: descriptor))
    }
    return ports
  }

  /// A socket that takes connections, and its port.
  static func listen() throws(SystemError) -> (descriptor: Int32, port: UInt16) {
    let descriptor = try open()
    guard withAddress(0, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 8) == 0 else {
      let error = SystemError("listen on a free port")
      close(descriptor)
      throw error
    }
    return (descriptor, try port(of: descriptor))
  }

  private static func open() throws(SystemError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_INET, type, 0)
    guard descriptor >= 0 else { throw SystemError("open a socket") }
    return descriptor
  }

  private static func port(of descriptor: Int32) throws(SystemError) -> UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutableBytes(of: &address) { bytes in
      getsockname(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
    }
    guard status == 0 else { throw SystemError("find a free port") }
    return UInt16(bigEndian: address.sin_port)
  }

  private static func withAddress<R>(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>?, socklen_t) -> R
  ) -> R {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafeBytes(of: address) { bytes in
      body(bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
  }
}
