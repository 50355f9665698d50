/// What a lane is to people: whose column it is, and whether its blocks say where in a prompt
/// they are.
struct LaneRole {
  /// A number of the endpoint; -1 for a lane that is nobody's.
  var endpoint: Int32 = -1
  var source = SourceID(-1)
  var tier = Tier.gpu
  /// Whether it belongs to its source's main group: window groups hold parts of the same blocks.
  var isMain = false

  static let nobody = LaneRole()
}

/// The roles of all lanes, by `LaneID`.
struct LaneRoles {
  private var roles: [LaneRole]

  init(_ roles: [LaneRole]) { self.roles = roles }

  @inline(__always)
  subscript(lane: Int) -> LaneRole { lane < roles.count ? roles[lane] : .nobody }

  var count: Int { roles.count }
}
