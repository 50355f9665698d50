/// An `EndpointPickerConfig` as it was declared: plugins with their parameters, and who uses which.
///
/// Nothing is defaulted or checked yet; `PickerSetup` is what it comes to.
public struct EndpointPickerConfig: Sendable {
  /// A plugin and its name.
  public struct Declaration: Sendable {
    /// Unique; the type where the file gives no other.
    public var name: String
    /// As it was written, which may be an alias or a deprecated name of the plugin's own type.
    public var type: String
    public var plugin: any Plugin
    /// Other plugins that its parameters name and that `plugin` does not keep.
    public var needs: [Need]
    /// Where it stands, for findings about it.
    public var path: String

    /// A plugin under a name.
    public init(
      name: String? = nil, type: String? = nil, _ plugin: any Plugin, needs: [Need] = [],
      path: String = ""
    ) {
      self.type = type ?? Swift.type(of: plugin).type
      self.name = name ?? self.type
      self.plugin = plugin
      self.needs = needs
      self.path = path
    }
  }

  /// What a parameter says of another plugin, besides what the plugin keeps of it.
  public struct Need: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
      /// It has to be the producer of in-flight loads.
      case inFlightLoad
      /// It has to be the producer of prefix hits that plugins read by default.
      case defaultPrefixHits
    }

    public var kind: Kind
    public var reference: Reference

    /// A need.
    public init(_ kind: Kind, _ reference: Reference) {
      self.kind = kind
      self.reference = reference
    }
  }

  /// The name of a declared plugin.
  public struct Reference: Equatable, Sendable {
    public var name: String
    /// Where it stands, for findings about it.
    public var path: String

    /// A reference.
    public init(_ name: String, path: String = "") {
      self.name = name
      self.path = path
    }
  }

  /// A scheduling profile.
  public struct Profile: Sendable {
    public var name: String
    /// Filters, scorers and a picker; the weight is nil where none was given.
    public var parts: [(plugin: Reference, weight: Double?)]
    /// Where it stands, for findings about it.
    public var path: String

    /// A profile.
    public init(
      _ name: String, _ parts: [(plugin: Reference, weight: Double?)], path: String = ""
    ) {
      self.name = name
      self.parts = parts
      self.path = path
    }
  }

  /// Where endpoints and what is known of them come from.
  public struct DataLayer: Equatable, Sendable {
    /// A source of data, and who makes sense of it.
    public struct Source: Equatable, Sendable {
      public var plugin: Reference
      public var extractors: [Reference]

      /// A source.
      public init(_ plugin: Reference, extractors: [Reference] = []) {
        self.plugin = plugin
        self.extractors = extractors
      }
    }

    /// Whether the metrics of engines are read even if no source says so.
    public var injectsDefaults = true
    public var sources: [Source] = []
    public var discovery: Reference?

    /// A data layer of defaults.
    public init() {}
  }

  /// In the order of the file.
  public var plugins: [Declaration] = []
  /// In the order of the file; empty for one of all plugins.
  public var profiles: [Profile] = []
  public var dataLayer = DataLayer()
  /// In the order of the file; empty for the default ones.
  public var parsers: [Reference] = []
  public var saturationDetector: Reference?

  /// A configuration that declares nothing.
  public init() {}

  /// What holds without any configuration: queue 2, KV cache 2, prefix 3.
  public static let builtIn: EndpointPickerConfig = {
    var config = EndpointPickerConfig()
    config.plugins = [
      Declaration(QueueScorer()), Declaration(CacheUtilizationScorer()),
      Declaration(PrefixCacheScorer()),
    ]
    config.profiles = [
      Profile(
        SetupResolver.profileName,
        zip(config.plugins, [2, 2, 3]).map { (Reference($0.name), $1) })
    ]
    return config
  }()
}
