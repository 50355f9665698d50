/// One flag: how it is spelled, what it says, and what it does.
struct PickerFlag: Sendable {
  /// Headings of the help, in its order.
  enum Group: String, CaseIterable {
    case configuration = "What is served"
    case listening = "Where it answers"
    case security = "TLS of the ext_proc port"
    case engines = "Engines and metrics"
    case requests = "Requests"
    case indexer = "The indexer inside"
    case logging = "Log and traces"
    case accepted = "Taken for compatibility, and without effect"
    case refused = "Refused, because they mean nothing without Kubernetes"
  }

  typealias Take = @Sendable (String, inout PickerFlagValues) throws(PickerFlagError) -> Void

  let name: String
  /// What the value is called in the help; nil for a switch, which may stand without one.
  let argument: String?
  let group: Group
  let help: String
  let take: Take

  init(
    _ name: String, _ argument: String?, _ group: Group, _ help: String, _ take: @escaping Take
  ) {
    self.name = name
    self.argument = argument
    self.group = group
    self.help = help
    self.take = take
  }

  static let all: [PickerFlag] =
    configuration + listening + security + engines + requests + indexer + recovery + logging
    + accepted + refused

  // MARK: Kinds

  typealias Place<Value> = any (WritableKeyPath<PickerFlagValues, Value> & Sendable)

  static func toggle(
    _ name: String, _ group: Group, _ place: Place<Bool>, _ help: String
  ) -> PickerFlag {
    PickerFlag(name, nil, group, help) { text, values throws(PickerFlagError) in
      values[keyPath: place] = try FlagValue.bool(text, of: name)
    }
  }

  static func text(
    _ name: String, _ argument: String, _ group: Group, _ place: Place<String>, _ help: String
  ) -> PickerFlag {
    PickerFlag(name, argument, group, help) { text, values throws(PickerFlagError) in
      values[keyPath: place] = text
    }
  }

  static func port(
    _ name: String, _ place: Place<UInt16>, _ help: String
  ) -> PickerFlag {
    PickerFlag(name, "PORT", .listening, help) { text, values throws(PickerFlagError) in
      guard let port = UInt16(exactly: try FlagValue.integer(text, of: name)) else {
        throw PickerFlagError("--\(name) takes a port from 0 to 65535, not '\(text)'")
      }
      values[keyPath: place] = port
    }
  }

  static func duration(
    _ name: String, _ group: Group, _ place: Place<Duration>, _ help: String
  ) -> PickerFlag {
    PickerFlag(name, "TIME", group, help) { text, values throws(PickerFlagError) in
      values[keyPath: place] = try FlagValue.duration(text, of: name)
    }
  }

  static func size(
    _ name: String, _ group: Group, in range: ClosedRange<Int>, _ place: Place<Int>,
    _ help: String
  ) -> PickerFlag {
    PickerFlag(name, "SIZE", group, help) { text, values throws(PickerFlagError) in
      values[keyPath: place] = try FlagValue.bytes(text, of: name, in: range)
    }
  }
}
