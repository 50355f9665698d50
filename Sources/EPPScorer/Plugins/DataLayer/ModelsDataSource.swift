/// Reads the models of endpoints; nothing needs it here.
///
/// Its type is that of llm-d's `models-data-source`.
public struct ModelsDataSource: Plugin {
  public static let type = "models-data-source"

  /// A plugin; its parameters are of no account.
  public init() {}
}

/// Takes names from the models of endpoints; nothing needs it here.
///
/// Its type is that of llm-d's `models-data-extractor`.
public struct ModelsDataExtractor: Plugin {
  public static let type = "models-data-extractor"

  /// A plugin; its parameters are of no account.
  public init() {}
}
