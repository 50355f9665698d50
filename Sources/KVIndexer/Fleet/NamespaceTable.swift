/// Where block keys can be compared, in words.
public struct PromptNamespace: Hashable, Sendable {
  /// As the sources know it; empty for one that was not configured.
  public var model: String
  public var lora: String?
  public var blockSize: Int
  /// Whether first blocks have extra keys: a cache salt, or media.
  public var isSalted: Bool

  /// A namespace.
  public init(model: String, lora: String?, blockSize: Int, isSalted: Bool = false) {
    self.model = model
    self.lora = lora
    self.blockSize = blockSize
    self.isSalted = isSalted
  }
}

/// The namespaces that first blocks were stored in, numbered; they stay.
struct NamespaceTable {
  struct Row {
    var namespace: PromptNamespace
    /// For people: stable while the hash key is.
    var id: UInt64
  }

  /// By number minus one: 0 is `NamespaceID.unknown`.
  private(set) var rows: [Row] = []
  private var numbers: [PromptNamespace: NamespaceID] = [:]

  /// Namespaces beyond that many have no name.
  static var namespacesMax: Int { Int(UInt16.max) - 1 }

  mutating func number(of namespace: PromptNamespace, root: BlockKey) -> NamespaceID {
    if let known = numbers[namespace] { return known }
    guard rows.count < Self.namespacesMax else { return .unknown }
    rows.append(Row(namespace: namespace, id: root.bits ^ (namespace.isSalted ? .max : 0)))
    let number = NamespaceID(UInt16(rows.count))
    numbers[namespace] = number
    return number
  }

  subscript(number: NamespaceID) -> Row? {
    number == .unknown ? nil : rows[Int(number.number) - 1]
  }

  func number(ofID id: UInt64) -> NamespaceID? {
    rows.firstIndex { $0.id == id }.map { NamespaceID(UInt16($0 + 1)) }
  }
}
