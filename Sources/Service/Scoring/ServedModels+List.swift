import Tokenize

/// What an endpoint answers to `GET /v1/models`.
extension ServedModels {
  /// An endpoint's answer.
  struct List: Equatable {
    /// The entries, each with its parent.
    var names: [String: String?] = [:]
    /// What the models among them are called where they come from.
    var roots: Set<String> = []

    /// Models and aliases, ordered.
    private var models: [String] { names.filter { $0.value == nil }.keys.sorted() }

    /// Whether a model is among them, by that name or another, or an adapter of it.
    func serves(_ model: String) -> Bool {
      names.keys.contains(model) || roots.contains(model) || names.values.contains(model)
    }

    /// Says what is served in place of a model that is not.
    func contradiction(of model: String) -> String {
      let adapters = names.filter { $0.value != nil }.keys.sorted()
      let extra = adapters.isEmpty ? "" : " (adapters: \(Self.spelled(adapters)))"
      return "'\(model)' is configured, but the engine serves \(Self.spelled(models))\(extra)"
    }

    /// Says how to configure what is served, or to serve what is configured.
    func mend(for model: String) -> String {
      let line =
        switch models.count {
        case 0: "Start"
        case 1: "Write `model: \(models[0])` in the endpoints file, or leave `model` out; or start"
        default: "Write one of them as `model` in the endpoints file, or leave it out; or start"
        }
      return line + " vLLM with `--served-model-name \(model)` (an adapter: `--enable-lora "
        + "--lora-modules \(model)=PATH`)."
    }

    private static func spelled(_ names: [String]) -> String {
      names.isEmpty ? "no model" : names.map { "'\($0)'" }.joined(separator: ", ")
    }
  }

  /// The list's entries; nil for what is no such list.
  static func list(in body: [UInt8]) -> List? {
    body.withUnsafeBytes { bytes in
      var list = List()
      var cursor = JSONCursor(bytes)
      do throws(JSONError) {
        try cursor.beginObject()
        while let key = try cursor.nextKey() {
          guard key == "data" else {
            try cursor.skipValue()
            continue
          }
          try cursor.beginArray()
          while try cursor.nextElement() {
            let entry = try entry(&cursor)
            if let id = entry.id { list.names.updateValue(entry.parent, forKey: id) }
            if let root = entry.root, entry.parent == nil { list.roots.insert(root) }
          }
        }
        return list
      } catch {
        return nil
      }
    }
  }

  private static func entry(
    _ cursor: inout JSONCursor
  ) throws(JSONError) -> (id: String?, parent: String?, root: String?) {
    var entry: (id: String?, parent: String?, root: String?)
    try cursor.beginObject()
    while let key = try cursor.nextKey() {
      if key == "id" {
        entry.id = try cursor.string()
      } else if key == "parent" {
        entry.parent = try cursor.null() ? nil : cursor.string()
      } else if key == "root" {
        entry.root = try cursor.null() ? nil : cursor.string()
      } else {
        try cursor.skipValue()
      }
    }
    return entry
  }
}
