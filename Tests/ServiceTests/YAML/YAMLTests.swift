import Testing
import Tokenize

@testable import Service

@Suite struct YAMLTests {
  private func parse(_ text: String) throws(YAMLFault) -> YAMLNode {
    try YAMLNode.parse(Array(text.utf8), file: "f.yaml")
  }

  private func plain(_ text: String, _ line: Int, _ column: Int) -> YAMLNode {
    YAMLNode(
      content: .scalar(text, isPlain: true), mark: TextPosition(line: line, column: column))
  }

  @Test func `nodes know their lines and columns`() throws {
    let node = try parse("a:\n  - 1\n  - é: 'x'\n")
    guard case .mapping(let entries) = node.content,
      case .sequence(let list) = entries[0].value.content,
      case .mapping(let inner) = list[1].content
    else {
      Issue.record("not the shape of the text")
      return
    }
    #expect(entries[0].key == "a")
    #expect(list[0] == plain("1", 2, 5))
    #expect(inner[0].keyMark == TextPosition(line: 3, column: 5))
    #expect(inner[0].value.mark == TextPosition(line: 3, column: 8))
    #expect(inner[0].value.content == .scalar("x", isPlain: false))
  }

  @Test func `JSON is YAML`() throws {
    let json = "{\"a\": [1, \"two\\n\\u00e9\", null, {}],\n\t\"b\": \"x\\/y\"}"
    guard case .mapping(let entries) = try parse(json).content,
      case .sequence(let list) = entries[0].value.content
    else {
      Issue.record("not the shape of the text")
      return
    }
    #expect(list[1].content == .scalar("two\né", isPlain: false))
    #expect(list[2].isNull)
    #expect(entries[1].value.content == .scalar("x/y", isPlain: false))
  }

  @Test func `an alias stands for the value of its anchor`() throws {
    guard case .sequence(let list) = try parse("- &a {x: 1}\n- *a\n").content else {
      Issue.record("not a list")
      return
    }
    #expect(list[0] == list[1])
  }

  @Test(arguments: ["", "\n# nothing\n", "~", "null", "---\n"])
  func `an empty document is null`(_ text: String) throws {
    #expect(try parse(text).isNull)
  }

  @Test(arguments: [
    ("a: 1\na: 2\n", "f.yaml:2:1: the key 'a' was given before, in line 1"),
    (
      "a: b\n\tc: d\n",
      "f.yaml:2:1: found a tab character that violates indentation (while scanning a plain scalar)"
    ),
    ("a: [1, 2\n", "f.yaml:2:1: did not find expected ',' or ']' (while parsing a flow sequence)"),
    ("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document starts here"),
    ("a: !!int 3\n", "f.yaml:1:4: the tag 'tag:yaml.org,2002:int' is not supported"),
    ("[1]: 2\n", "f.yaml:1:1: a key has to be a plain word or a string"),
    ("- *none\n", "f.yaml:1:3: no value before has the name 'none'"),
    ("&a [*a]\n", "f.yaml:1:5: no value before has the name 'a'"),
    (
      "a: \"\\ud83d\"\n",
      "f.yaml:1:7: found invalid Unicode character escape code (while parsing a quoted scalar)"
    ),
  ]) func `what is wrong is told with file, line and column`(
    _ text: String, _ expected: String
  ) throws {
    let fault = #expect(throws: YAMLFault.self) { try parse(text) }
    #expect(fault?.description == expected)
  }

  @Test func `bytes that are not UTF-8 are told by their place`() throws {
    let bytes = Array("a: 1\nb: ".utf8) + [0xff, 0xfe, 0x0a]
    let fault = #expect(throws: YAMLFault.self) { try YAMLNode.parse(bytes, file: "f.yaml") }
    #expect(fault?.description == "f.yaml:2:4: invalid leading UTF-8 octet")
  }

  @Test func `a file is loaded, or named when it cannot be`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("a: [1", to: "f")
    for (name, expected) in [
      ("f", "/f:2:1: did not find expected ',' or ']' (while parsing a flow sequence)"),
      ("none", "/none: No such file or directory"), ("", "/: Is a directory"),
    ] {
      let path = "\(directory.path)/\(name)"
      let fault = #expect(throws: YAMLFault.self) { try YAMLNode.load(path) }
      #expect(fault?.description == directory.path + expected)
    }
  }

  @Test func `size, depth and aliases have limits`() throws {
    let big = #expect(throws: YAMLFault.self) {
      try parse("a: " + String(repeating: "x", count: 1 << 20))
    }
    #expect(big?.description == "f.yaml: 1048579 bytes are more than the 1048576 allowed")
    let deep = #expect(throws: YAMLFault.self) { try parse(String(repeating: "[", count: 1000)) }
    #expect(deep?.description == "f.yaml:1:65: more than 64 levels of nesting")
    var bomb = "- &a0 [x]\n"
    for level in 1...9 {
      let name = "*a\(level - 1)"
      bomb += "- &a\(level) [" + Array(repeating: name, count: 10).joined(separator: ",") + "]\n"
    }
    let many = #expect(throws: YAMLFault.self) { try parse(bomb) }
    #expect(many?.message == "more than 100000 values, aliases expanded")
  }

  @Test func `no truncation and no mutation of a document traps`() {
    let text = "endpoints:\n- &x {name: 'a', port: \"80\\x20\"}\n- <<: *x\n  l: |\n    block\n...\n"
    let bytes = Array(text.utf8)
    for count in bytes.indices { _ = try? YAMLNode.parse(Array(bytes.prefix(count)), file: "f") }
    for index in bytes.indices {
      for replacement in [0x00, 0x09, 0x22, 0x26, 0x2a, 0x3a, 0x5b, 0x7b, 0xc3, 0xff] as [UInt8] {
        var mutated = bytes
        mutated[index] = replacement
        _ = try? YAMLNode.parse(mutated, file: "f")
      }
    }
  }
}

@Suite struct YAMLReadingTests {
  private func faults(_ text: String, _ read: (YAMLValue) -> Void) throws -> [String] {
    let reading = YAMLReading(file: "f.yaml")
    read(reading.root(try YAMLNode.parse(Array(text.utf8), file: "f.yaml")))
    do throws(YAMLError) {
      try reading.finish()
      return []
    } catch {
      return error.faults.map(\.description)
    }
  }

  @Test func `values of every type are read`() throws {
    let faults = try faults("{s: text, n: 8000, q: '8000', b: true, l: [1, 2], z: ~}") { root in
      guard var fields = root.fields() else { return }
      #expect(fields.optional("s")?.string() == "text")
      #expect(fields.required("n")?.string() == "8000")
      #expect(fields.required("n")?.integer(in: 1...65535) == 8000)
      #expect(fields.required("q")?.string() == "8000")
      #expect(fields.required("b")?.bool() == true)
      #expect(fields.required("l")?.list()?.compactMap { $0.integer(in: 1...9) } == [1, 2])
      #expect(fields.optional("z") == nil)
      #expect(fields.optional("none") == nil)
      fields.rejectUnknown()
    }
    #expect(faults == [])
  }

  @Test func `all faults are told at once, in the order of the lines`() throws {
    let text = """
      zzz: 1
      prot: 2
      a: {b: [x, 10]}
      q: '5'
      t: yes
      s: [1]
      m: 3
      """
    let faults = try faults(text) { root in
      guard var fields = root.fields() else { return }
      #expect(fields.required("s")?.string() == nil)
      #expect(fields.required("t")?.bool() == nil)
      #expect(fields.required("q")?.integer(in: 0...9) == nil)
      #expect(fields.required("m")?.list() == nil)
      #expect(fields.optional("port") == nil)
      #expect(fields.required("missing") == nil)
      if var inner = fields.optional("a")?.fields() {
        for element in inner.required("b")?.list() ?? [] { _ = element.integer(in: 0...9) }
      }
      fields.rejectUnknown()
    }
    #expect(
      faults == [
        "f.yaml:1:1: the field 'missing' is missing",
        "f.yaml:1:1: zzz: unknown field; the fields are s, t, q, m, port, missing, a",
        "f.yaml:2:1: prot: unknown field; did you mean 'port'?",
        "f.yaml:3:9: a.b[0]: expected an integer from 0 to 9, not 'x'",
        "f.yaml:3:12: a.b[1]: expected an integer from 0 to 9, not '10'",
        "f.yaml:4:4: q: expected an integer from 0 to 9, not '5'",
        "f.yaml:5:4: t: expected true or false, not 'yes'",
        "f.yaml:6:4: s: expected a string, not a list",
        "f.yaml:7:4: m: expected a list, not '3'",
      ])
  }

  @Test func `a missing field points to its misspelling`() throws {
    let faults = try faults("a: 1\nadress: x\n") { root in
      guard var fields = root.fields() else { return }
      #expect(fields.required("address") == nil)
    }
    #expect(
      faults == ["f.yaml:1:1: the field 'address' is missing; is it the 'adress' of line 2?"])
  }
}
