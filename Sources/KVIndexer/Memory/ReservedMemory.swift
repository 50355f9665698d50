import Glibc

/// Address space for `capacity` elements that become memory when they are first touched.
///
/// Its elements never move, so handles into it can be plain integers and pointers stay valid while
/// the index grows. Pages arrive zeroed; the kernel is asked for huge ones.
struct ReservedMemory<Element: BitwiseCopyable>: ~Copyable {
  let base: UnsafeMutablePointer<Element>
  let capacity: Int
  private let bytes: Int

  init(capacity: Int) {
    self.capacity = capacity
    bytes = (max(capacity, 1) * MemoryLayout<Element>.stride + 4095) & ~4095
    let mapped = mmap(
      nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let mapped, mapped != MAP_FAILED else {
      preconditionFailure("no address space for \(bytes) bytes: errno \(errno)")
    }
    madvise(mapped, bytes, MADV_HUGEPAGE)
    base = mapped.bindMemory(to: Element.self, capacity: capacity)
  }

  deinit { munmap(base, bytes) }
}
