/// What a configuration asks for, put together: which profiles there are, and who chooses between
/// them.
public struct SchedulingPlan: Sendable {
  /// A plugin under the name that the configuration gave it.
  public struct Named<Part: Sendable>: Sendable {
    public var name: String
    public var plugin: Part

    /// A plugin and its name.
    public init(_ name: String, _ plugin: Part) {
      self.name = name
      self.plugin = plugin
    }
  }

  /// Filters in their order, scorers with their weights, and one picker.
  public struct Profile: Sendable {
    public var name: String
    public var filters: [Named<any Filter>]
    public var scorers: [(part: Named<any Scorer>, weight: Double)]
    public var picker: Named<any Picker>

    /// A profile.
    public init(
      name: String, filters: [Named<any Filter>] = [],
      scorers: [(part: Named<any Scorer>, weight: Double)] = [], picker: Named<any Picker>
    ) {
      self.name = name
      self.filters = filters
      self.scorers = scorers
      self.picker = picker
    }
  }

  /// At least one; names are unique.
  public var profiles: [Profile]
  public var handler: Named<any ProfileHandler>
  public var deciders: [Named<any Decider>]
  /// Names of the producers of prefix hits, in the order of a pool's.
  public var producers: [String]
  /// What plugins that name no producer read: an index into `producers`.
  public var defaultProducer: Int?
  /// What tells a request's uncached tokens where in-flight tokens are counted; nil for the default.
  public var inFlightProducer: Int?

  /// A plan.
  public init(
    profiles: [Profile], handler: Named<any ProfileHandler>, deciders: [Named<any Decider>] = [],
    producers: [String] = [], defaultProducer: Int? = nil, inFlightProducer: Int? = nil
  ) {
    self.profiles = profiles
    self.handler = handler
    self.deciders = deciders
    self.producers = producers
    self.defaultProducer = defaultProducer
    self.inFlightProducer = inFlightProducer
  }
}
