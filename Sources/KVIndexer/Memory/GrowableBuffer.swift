/// A growable run of plain values without copy-on-write, reused from one event batch to the next.
///
/// An `Array` checks uniqueness and bounds on every append; the decoder appends sixteen times for
/// every block, so it reserves once and writes without checks.
public struct GrowableBuffer<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline package private(set) var base: UnsafeMutablePointer<Element>
  public private(set) var capacity: Int
  public private(set) var count: Int = 0

  public init(capacity: Int = 16) {
    self.capacity = max(capacity, 1)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  /// Makes room for `additional` more elements.
  @inline(__always)
  package mutating func reserve(_ additional: Int) {
    if count &+ additional > capacity { grow(to: count + additional) }
  }

  private mutating func grow(to needed: Int) {
    let bigger = max(needed, capacity * 2)
    let moved = UnsafeMutablePointer<Element>.allocate(capacity: bigger)
    moved.update(from: base, count: count)
    base.deallocate()
    base = moved
    capacity = bigger
  }

  @inline(__always)
  package mutating func append(_ element: Element) {
    reserve(1)
    base[count] = element
    count &+= 1
  }

  /// Appends without looking at the capacity: the caller has reserved.
  @inline(__always)
  package mutating func appendReserved(_ element: Element) {
    assert(count < capacity)
    base[count] = element
    count &+= 1
  }

  /// Keeps the first `newCount` elements, or makes the next ones count: the caller wrote them.
  @inline(__always)
  package mutating func setCount(_ newCount: Int) {
    assert(newCount <= capacity)
    count = newCount
  }

  @inline(__always)
  package mutating func removeAll() { count = 0 }

  @inline(__always)
  package func pointer(at index: Int) -> UnsafeMutablePointer<Element> { base + index }

  public subscript(index: Int) -> Element {
    @inline(__always) get {
      precondition(index >= 0 && index < count, "index \(index) of \(count)")
      return base[index]
    }
  }

  /// The elements of `range`, copied.
  public func array(_ range: Range<Int>) -> [Element] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range \(range) of \(count)")
    return Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
  }
}
