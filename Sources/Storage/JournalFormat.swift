/// How a journal's bytes are laid out.
///
/// A journal is a row of segments, `journal/SEQUENCE.log`, each named by the sequence number of its first record. All
/// numbers are little endian.
///
///     segment   "rnnd log"  8 bytes
///               version     u32, 1
///               checksum    u32, CRC32C of the header's other bytes
///               identity    u64, the store's own random number
///               first       u64, the sequence number of the first record
///               records     until the end of the file
///     record    count       u32, of the payload's bytes
///               checksum    u32, CRC32C of the identity and the record's other bytes
///               sequence    u64, one more than that of the record before
///               durable     u64, up to which sequence number all was known to be durable when this was written
///               payload     `count` bytes
///
/// The identity in each checksum keeps a record of another journal, be it within a payload, from being taken for one of
/// this.
package enum JournalFormat {
  static let magic = Array("rnnd log".utf8)
  static let version: UInt32 = 1
  static let segmentHeaderByteCount = 32
  static let recordHeaderByteCount = 24

  /// The longest payload of a record.
  package static let payloadByteLimit = 16 << 20

  /// Sequence numbers stay below this, so that counting never overflows.
  static let sequenceLimit: UInt64 = 1 << 62

  /// The largest segment that is read: what a store writes stays far below.
  static let segmentByteLimit = 1 << 30

  /// The name of the segment whose first record has this sequence number. Names sort as their numbers.
  static func segmentName(first: UInt64) -> String {
    let digits = String(first)
    return String(repeating: "0", count: 20 - digits.utf8.count) + digits + ".log"
  }

  /// The sequence number in a segment's name; nil for other names.
  static func firstSequence(inName name: String) -> UInt64? {
    guard name.hasSuffix(".log"), let first = UInt64(name.dropLast(4)), first > 0,
      first < sequenceLimit, segmentName(first: first) == name
    else { return nil }
    return first
  }

  package static func segmentHeader(identity: UInt64, first: UInt64) -> [UInt8] {
    var bytes = magic
    bytes.append(number: version)
    bytes.append(number: UInt32(0))
    bytes.append(number: identity)
    bytes.append(number: first)
    bytes.put(number: checksum(ofSegmentHeader: bytes.span), at: 12)
    return bytes
  }

  /// A segment with records in it that all are durable elsewhere or come from a reader.
  static func segment(identity: UInt64, first: UInt64, _ records: [JournalRecord]) -> [UInt8] {
    var bytes = segmentHeader(identity: identity, first: first)
    for record in records {
      append(record.payload, sequence: record.sequence, durable: first - 1, identity: identity, to: &bytes)
    }
    return bytes
  }

  static func checksum(ofSegmentHeader bytes: Span<UInt8>) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(bytes.extracting(0..<12))
    checksum.update(bytes.extracting(16..<segmentHeaderByteCount))
    return checksum.value
  }

  /// Adds a record to bytes that will be written.
  package static func append(
    _ payload: [UInt8], sequence: UInt64, durable: UInt64, identity: UInt64, to bytes: inout [UInt8]
  ) {
    let start = bytes.count
    bytes.append(number: UInt32(payload.count))
    bytes.append(number: UInt32(0))
    bytes.append(number: sequence)
    bytes.append(number: durable)
    bytes.append(contentsOf: payload)
    let checksum = checksum(ofRecord: bytes.span.extracting(start...), identity: identity)
    bytes.put(number: checksum, at: start + 4)
  }

  static func checksum(ofRecord bytes: Span<UInt8>, identity: UInt64) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(identity)
    checksum.update(bytes.extracting(0..<4))
    checksum.update(bytes.extracting(8...))
    return checksum.value
  }
}

/// One entry of a journal: its place in the row and the owner's bytes.
package struct JournalRecord: Equatable, Sendable {
  package let sequence: UInt64
  package let payload: [UInt8]
}

/// Where a record stands.
package struct JournalPlace: Equatable, Sendable {
  /// The segment, below the store's directory.
  package let file: String
  package let offset: Int
}
