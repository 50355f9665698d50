import CYAML
import Tokenize

extension YAMLNode {
  /// Reads the one document of a file.
  ///
  /// JSON is YAML, too, but for surrogate pairs in escapes. Anchors and aliases work; tags are refused, and so are duplicate keys,
  /// keys that are not scalars, and a second document. An empty file is null.
  ///
  /// - Parameter file: The file's name, for faults.
  package static func parse(_ bytes: [UInt8], file: String) throws(YAMLFault) -> YAMLNode {
    guard bytes.count <= YAMLComposer.bytesMax else {
      throw YAMLFault(
        file: file, mark: nil, path: "",
        message: "\(bytes.count) bytes are more than the \(YAMLComposer.bytesMax) allowed")
    }
    return try bytes.span.withUnsafeBytes { bytes throws(YAMLFault) in
      var composer = YAMLComposer(bytes, file: file)
      return try composer.document()
    }
  }

  /// Reads the one document of the file at `path`.
  package static func load(_ path: String) throws(YAMLFault) -> YAMLNode {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try FileBytes.read(path, atMost: YAMLComposer.bytesMax)
    } catch {
      throw YAMLFault(file: path, mark: nil, path: "", message: error.reason)
    }
    return try parse(bytes, file: path)
  }
}

/// Builds nodes from libyaml's events.
struct YAMLComposer: ~Copyable {
  static let bytesMax = 1 << 20
  static let depthMax = 64
  /// Nodes of a document after its aliases are expanded; a short file of nested aliases could
  /// otherwise stand for billions.
  static let nodesMax = 100_000

  /// A finished value that has a name, and what it counts for when an alias repeats it.
  private struct Anchor {
    var node: YAMLNode
    var nodes: Int
  }

  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let bytes: UnsafeRawBufferPointer
  private let file: String
  private var event = yaml_event_t()
  private var anchors: [String: Anchor] = [:]
  private var nodes = 0
  private var depth = 0

  init(_ bytes: UnsafeRawBufferPointer, file: String) {
    self.bytes = bytes
    self.file = file
    parser.initialize(to: yaml_parser_t())
    let status = yaml_parser_initialize(parser)
    precondition(status == 1, "libyaml found no memory for a parser")
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(
      parser, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  deinit {
    var event = event
    yaml_event_delete(&event)
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  mutating func document() throws(YAMLFault) -> YAMLNode {
    try advance()  // the stream's start
    try advance()
    guard event.type != YAML_STREAM_END_EVENT else {
      return YAMLNode(content: .scalar("", isPlain: true), mark: mark)
    }
    try advance()  // past the document's start
    let root = try node()
    try advance()  // the document's end
    try advance()
    guard event.type == YAML_STREAM_END_EVENT else { throw fault("a second document starts here") }
    return root
  }

  // MARK: Values

  /// The value that the current event starts; the current event is then its last.
  private mutating func node() throws(YAMLFault) -> YAMLNode {
    let mark = mark
    if event.type == YAML_ALIAS_EVENT { return try alias() }
    let nodesBefore = nodes
    try count(1)
    let (anchor, tag) = properties()
    if let tag { throw fault("the tag '\(tag)' is not supported") }
    let content =
      switch event.type {
      case YAML_SEQUENCE_START_EVENT: try sequence()
      case YAML_MAPPING_START_EVENT: try mapping()
      default: scalar()
      }
    let node = YAMLNode(content: content, mark: mark)
    if let anchor { anchors[anchor] = Anchor(node: node, nodes: nodes - nodesBefore) }
    return node
  }

  private mutating func alias() throws(YAMLFault) -> YAMLNode {
    let name = Self.text(event.data.alias.anchor)
    // An anchor is known once its value is complete, so no value can hold itself.
    guard let anchor = anchors[name] else { throw fault("no value before has the name '\(name)'") }
    try count(anchor.nodes)
    return anchor.node
  }

  private func scalar() -> YAMLNode.Content {
    let scalar = event.data.scalar
    let text = String(
      decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
    return .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
  }

  private mutating func sequence() throws(YAMLFault) -> YAMLNode.Content {
    try descend()
    var elements: [YAMLNode] = []
    try advance()
    while event.type != YAML_SEQUENCE_END_EVENT {
      elements.append(try node())
      try advance()
    }
    depth -= 1
    return .sequence(elements)
  }

  private mutating func mapping() throws(YAMLFault) -> YAMLNode.Content {
    try descend()
    var entries: [YAMLNode.Entry] = []
    var lines: [String: Int] = [:]
    try advance()
    while event.type != YAML_MAPPING_END_EVENT {
      let keyMark = mark
      guard event.type == YAML_SCALAR_EVENT, case .scalar(let key, _) = try node().content else {
        throw fault("a key has to be a plain word or a string")
      }
      if let line = lines.updateValue(keyMark.line, forKey: key) {
        throw fault("the key '\(key)' was given before, in line \(line)")
      }
      try advance()
      entries.append(YAMLNode.Entry(key: key, keyMark: keyMark, value: try node()))
      try advance()
    }
    depth -= 1
    return .mapping(entries)
  }

  // MARK: Events

  private var mark: TextPosition {
    TextPosition(line: event.start_mark.line + 1, column: event.start_mark.column + 1)
  }

  private mutating func advance() throws(YAMLFault) {
    yaml_event_delete(&event)
    guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxFault() }
  }

  private mutating func descend() throws(YAMLFault) {
    depth += 1
    guard depth <= Self.depthMax else {
      throw fault("more than \(Self.depthMax) levels of nesting")
    }
  }

  private mutating func count(_ more: Int) throws(YAMLFault) {
    nodes += more
    guard nodes <= Self.nodesMax else {
      throw fault("more than \(Self.nodesMax) values, aliases expanded")
    }
  }

  private func properties() -> (anchor: String?, tag: String?) {
    let (anchor, tag) =
      switch event.type {
      case YAML_SEQUENCE_START_EVENT:
        (event.data.sequence_start.anchor, event.data.sequence_start.tag)
      case YAML_MAPPING_START_EVENT:
        (event.data.mapping_start.anchor, event.data.mapping_start.tag)
      default: (event.data.scalar.anchor, event.data.scalar.tag)
      }
    return (anchor.map(Self.text), tag.map(Self.text))
  }

  private static func text(_ bytes: UnsafeMutablePointer<UInt8>) -> String {
    String(decodingCString: bytes, as: UTF8.self)
  }

  private func fault(_ message: String) -> YAMLFault {
    YAMLFault(file: file, mark: mark, path: "", message: message)
  }

  private func syntaxFault() -> YAMLFault {
    let parser = parser.pointee
    var message = parser.problem.map { String(cString: $0) } ?? "not YAML"
    if let context = parser.context { message += " (\(String(cString: context)))" }
    // Bytes that are no text have an offset, all other problems a line.
    let mark =
      parser.error == YAML_READER_ERROR
      ? TextPosition(of: parser.problem_offset, in: bytes)
      : TextPosition(line: parser.problem_mark.line + 1, column: parser.problem_mark.column + 1)
    return YAMLFault(file: file, mark: mark, path: "", message: message)
  }
}
