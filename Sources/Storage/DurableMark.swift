/// The note beside a journal of how far it was synced: `journal/SYNCED`.
///
/// It holds two slots in sectors of their own, of which the older is overwritten after each sync and itself synced only
/// now and then. So it never claims too much, is exact unless the machine itself went down, and one slot survives
/// whatever happens to the other. Nothing depends on its being there: it is evidence that a journal which ends early
/// was longer once.
///
///     slot   identity  u64    sequence  u64    checksum  u32, CRC32C of the two    (512 bytes apart)
struct DurableMark: Sendable {
  static let name = "SYNCED"
  static let byteCount = slotDistance + slotByteCount
  /// More than a mark ever has.
  static let readByteLimit = 1 << 16
  private static let slotDistance = 512
  private static let slotByteCount = 20

  /// The highest sequence number that a whole slot names.
  let sequence: UInt64
  /// The slot that names it.
  let slot: Int
  /// The slots that were written and are not whole.
  let damagedSlots: [Int]

  /// Reads what there is; slots that are not whole count for nothing.
  init(_ bytes: [UInt8], identity: UInt64) {
    var best: (sequence: UInt64, slot: Int) = (0, 0)
    for slot in 0..<2 {
      if let sequence = Self.sequence(in: bytes.span, slot: slot, identity: identity), sequence > best.sequence {
        best = (sequence, slot)
      }
    }
    (sequence, slot) = best
    damagedSlots = (0..<2).filter { slot in
      Self.sequence(in: bytes.span, slot: slot, identity: identity) == nil
        && !bytes.dropFirst(Self.offset(ofSlot: slot)).prefix(Self.slotByteCount).allSatisfy { $0 == 0 }
    }
  }

  private static func sequence(in bytes: Span<UInt8>, slot: Int, identity: UInt64) -> UInt64? {
    let start = offset(ofSlot: slot)
    guard bytes.count >= start + slotByteCount else { return nil }
    let found = bytes.extracting(start..<(start + slotByteCount))
    let sequence: UInt64 = found.number(at: 8)
    guard found.number(at: 0) == identity, found.number(at: 16) == CRC32C.of(found.extracting(0..<16)),
      sequence < JournalFormat.sequenceLimit
    else { return nil }
    return sequence
  }

  static func offset(ofSlot slot: Int) -> Int { slot * slotDistance }

  static func slotBytes(identity: UInt64, sequence: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(slotByteCount)
    bytes.append(number: identity)
    bytes.append(number: sequence)
    bytes.append(number: CRC32C.of(bytes.span))
    return bytes
  }
}
