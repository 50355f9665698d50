extension WatchEventMessage {
  init(_ change: FleetChange) {
    switch change {
    case .present(let entry): self.init(.present, entry)
    case .added(let entry): self.init(.added, entry)
    case .changed(let entry): self.init(.changed, entry)
    case .synced:
      self.init()
      kind = .synced
    case .removed(let entry):
      self.init()
      kind = .removed
      endpoint = entry.key.endpoint
      rank = UInt32(clamping: entry.key.rank)
    }
  }

  private init(_ kind: Kind, _ entry: FleetEntry) {
    self.init()
    self.kind = kind
    endpoint = entry.key.endpoint
    rank = UInt32(clamping: entry.key.rank)
    address = entry.address
    model = entry.model
    blockSize = UInt32(clamping: entry.blockSize ?? 0)
    incarnation = UInt32(clamping: entry.incarnation)
    trust = entry.trust.map { TrustCode($0) } ?? .unspecified
    reason = entry.trust.map { $0.reason ?? "" } ?? EndpointScore.unfollowed
  }
}
