import CCurl

/// The thread: everything here runs on it.
extension HTTPTransfers {
  /// The longest sleep.
  private static let sleepNanosecondsMax: UInt64 = 60_000_000_000

  func run(_ tick: Tick) {
    while takePosted() {
      beginWaiting()
      var running: Int32 = 0
      check(curl_multi_perform(multi, &running), "curl_multi_perform")
      finishDone()
      // What ended made room; nothing else would wake this thread for those that wait.
      beginWaiting()
      let next = tick(MonotonicClock.nowNanoseconds())
      sleep(until: [next, earliestWaitingDeadline].compactMap(\.self).min())
    }
    abandonAll()
  }

  /// Begins as many calls as there may be at a time; ends those that waited too long.
  private func beginWaiting() {
    guard !waiting.isEmpty else { return }
    let now = MonotonicClock.nowNanoseconds()
    let calls = waiting
    waiting.removeAll(keepingCapacity: true)
    for call in calls {
      if call.deadline <= now {
        call.completion(.failure(HTTPClientError(.timedOut, "no connection was free in time")))
      } else if active.count < limits.transfersMax {
        begin(call, at: now)
      } else {
        waiting.append(call)
      }
    }
  }

  private func begin(_ call: Waiting, at now: UInt64) {
    do throws(HTTPClientError) {
      let transfer: HTTPTransfer
      if let idle = idle.popLast() { transfer = idle } else { transfer = try HTTPTransfer() }
      var limits = HTTPClient.Limits()
      limits.connectTimeout = self.limits.connectTimeout
      limits.totalTimeout = .nanoseconds(Int64(clamping: call.deadline - now))
      limits.bodyBytesMax = self.limits.bodyBytesMax
      try transfer.prepare(call.call, limits)
      check(curl_multi_add_handle(multi, transfer.handle), "curl_multi_add_handle")
      active[transfer.handle] = Active(transfer: transfer, completion: call.completion)
    } catch {
      call.completion(.failure(error))
    }
  }

  private func finishDone() {
    var code = CURLE_OK
    while let handle = cc_multi_next_done(multi, &code) {
      guard let done = active.removeValue(forKey: handle) else {
        preconditionFailure("libcurl ended a transfer that was not begun")
      }
      let result: Result<HTTPClient.Reply, HTTPClientError>
      do throws(HTTPClientError) {
        result = .success(try done.transfer.reply(code))
      } catch {
        result = .failure(error)
      }
      release(done.transfer)
      done.completion(result)
    }
  }

  private func release(_ transfer: HTTPTransfer) {
    check(curl_multi_remove_handle(multi, transfer.handle), "curl_multi_remove_handle")
    transfer.reset()
    idle.append(transfer)
  }

  private func abandonAll() {
    let calls = waiting.map(\.completion) + active.values.map(\.completion)
    waiting = []
    for (_, abandoned) in active { release(abandoned.transfer) }
    active = [:]
    idle = []
    for completion in calls {
      completion(.failure(HTTPClientError(.stopped, "the client was stopped")))
    }
  }

  private var earliestWaitingDeadline: UInt64? { waiting.lazy.map(\.deadline).min() }

  /// Waits for bytes, for libcurl's own timers, for a wake-up, or until `deadline`.
  private func sleep(until deadline: UInt64?) {
    let now = MonotonicClock.nowNanoseconds()
    let left = deadline.map { $0 > now ? $0 - now : 0 } ?? Self.sleepNanosecondsMax
    let milliseconds = (min(left, Self.sleepNanosecondsMax) + 999_999) / 1_000_000
    check(curl_multi_poll(multi, nil, 0, Int32(milliseconds), nil), "curl_multi_poll")
  }

  /// These calls fail only on misuse or without memory.
  private func check(_ code: CURLMcode, _ call: StaticString) {
    precondition(code == CURLM_OK, "\(call): \(String(cString: curl_multi_strerror(code)))")
  }
}
