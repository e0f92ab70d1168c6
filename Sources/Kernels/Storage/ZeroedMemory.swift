#if canImport(Glibc)
  import Glibc
#endif

/// Zero-filled memory that starts on a cache line, and is given back with its owner.
///
/// A large piece is made of the system's own pages. Those that nobody ever writes to take no memory, and all of them go
/// back to the system at once, where the C library would keep them for later. Those of a still larger one are huge where
/// there are such, as a walk down a large matrix's column touches another small page at every step.
@safe
struct ZeroedMemory: ~Copyable {
  let start: UnsafeMutableRawPointer
  /// What was taken from the system for it; nil where the C library provides.
  private let mapping: UnsafeMutableRawBufferPointer?

  /// A cache line, and a 512-bit register.
  private static let alignment = 64
  /// At least a small page, whatever the processor's are.
  private static let page = 64 << 10
  private static let hugePage = 2 << 20
  /// The least that is taken from the system by itself.
  private static let leastLarge = 1 << 20
  /// The least that is laid on huge pages.
  private static let leastHuge = 2 * hugePage

  /// - Precondition: `byteCount` is above 0.
  init(byteCount: Int) {
    if byteCount >= Self.leastLarge, let pages = unsafe Self.pages(byteCount) {
      unsafe (start, mapping) = pages
    } else {
      unsafe start = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: Self.alignment)
      unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
      unsafe mapping = nil
    }
  }

  /// Has a part that few numbers are ever written to taken from small pages: each number would take a huge one.
  ///
  /// - Precondition: the part lies within the memory.
  func expectFewWrites(at offset: Int, byteCount: Int) {
    precondition(offset >= 0 && byteCount >= 0, "ZeroedMemory: bad part")
    #if os(Linux)
      guard unsafe mapping != nil else { return }
      // Where the part's neighbours have pages in common with it, those stay as they are.
      let first = unsafe (start + offset).alignedUp(toMultipleOf: Self.page)
      let end = unsafe (start + offset + byteCount).alignedDown(toMultipleOf: Self.page)
      if unsafe first < end { unsafe madvise(first, end - first, MADV_NOHUGEPAGE) }
    #endif
  }

  deinit {
    #if os(Linux)
      if let mapping = unsafe mapping {
        unsafe munmap(mapping.baseAddress, mapping.count)
        return
      }
    #endif
    unsafe start.deallocate()
  }

  /// Pages of the system, from the start of a huge one on where these are wanted; nil where it has none to give.
  private static func pages(
    _ byteCount: Int
  ) -> (start: UnsafeMutableRawPointer, mapping: UnsafeMutableRawBufferPointer)? {
    #if os(Linux)
      let isHuge = byteCount >= leastHuge
      let (mappedCount, overflow) = byteCount.addingReportingOverflow(isHuge ? hugePage : 0)
      guard !overflow,
        let mapped = unsafe mmap(nil, mappedCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        unsafe mapped != MAP_FAILED
      else { return nil }
      let start = unsafe isHuge ? mapped.alignedUp(toMultipleOf: hugePage) : mapped
      // A wish: a system that refuses it serves small pages.
      if isHuge { unsafe madvise(start, byteCount, MADV_HUGEPAGE) }
      return unsafe (start, UnsafeMutableRawBufferPointer(start: mapped, count: mappedCount))
    #else
      return nil
    #endif
  }
}
