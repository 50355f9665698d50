import CMHD
import Glibc

/// What libmicrohttpd calls; the context of each is the daemon's exchanges.
extension HTTPDaemon {
  static let accessCallback: MHD_AccessHandlerCallback = {
    context, connection, url, method, _, upload, uploadBytes, exchange in
    guard let context, let connection, let url, let method, let uploadBytes, let exchange else {
      return .NO
    }
    let exchanges = Unmanaged<HTTPExchanges>.fromOpaque(context).takeUnretainedValue()
    guard let current = exchange.pointee else {
      return exchanges.begin(connection, url, method, &exchange.pointee)
    }
    let request = Unmanaged<HTTPExchange>.fromOpaque(current).takeUnretainedValue()
    if uploadBytes.pointee > 0 {
      let chunk = UnsafeRawBufferPointer(start: upload, count: uploadBytes.pointee)
      uploadBytes.pointee = 0
      return exchanges.receive(chunk, request)
    }
    return exchanges.answer(request, url, method)
  }

  static let completedCallback: MHD_RequestCompletedCallback = { context, _, exchange, _ in
    guard let context, let current = exchange?.pointee else { return }
    let request = Unmanaged<HTTPExchange>.fromOpaque(current).takeRetainedValue()
    Unmanaged<HTTPExchanges>.fromOpaque(context).takeUnretainedValue().end(request)
  }

  static let connectionCallback: MHD_NotifyConnectionCallback = { context, _, _, change in
    guard let context else { return }
    let exchanges = Unmanaged<HTTPExchanges>.fromOpaque(context).takeUnretainedValue()
    if change == .CONNECTION_NOTIFY_STARTED {
      exchanges.metrics.connectionOpened()
      if exchanges.connections.enter() == exchanges.limits.connectionsMax {
        exchanges.metrics.connectionLimitHits.add()
      }
    } else {
      exchanges.metrics.connectionClosed()
      exchanges.connections.leave()
    }
  }

  static let logCallback: MHD_LogCallback = { context, format, arguments in
    guard let context, let format, let arguments else { return }
    let line = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
      return buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
    let exchanges = Unmanaged<HTTPExchanges>.fromOpaque(context).takeUnretainedValue()
    exchanges.metrics.connectionFaults.add()
    exchanges.log(String(line.drop(while: \.isWhitespace).prefix(while: { !$0.isNewline })))
  }
}
