/// Names what a request renders to: equal keys mean equal tokens.
///
/// A keyed hash of 128 bits over the API and every part of the body that tokens may depend on, the
/// model's name included. The text can't be had from it.
public struct RenderKey: Hashable, Sendable {
  public var high: UInt64
  public var low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}
