import Storage

/// Any bytes are read as a segment or refused. Of a segment that was damaged, only records are read that were written,
/// in their order, from the first one on.
///
/// As no search would guess checksums, the input says how to write a segment and how to damage it: the first byte is
/// the count of records, the next two what they hold; then follow triples of a place and what is written there, and a
/// place from 60,000 on cuts the segment instead.
enum JournalFuzzing {
  static func violation(_ bytes: [UInt8]) -> String? {
    if let reader = try? JournalReader(bytes), reader.endOffset + reader.restByteCount != bytes.count {
      return "bytes that are neither records nor rest"
    }
    guard bytes.count >= 3 else { return nil }
    var (segment, payloads) = written(count: Int(bytes[0] % 8), size: Int(bytes[1]), content: bytes[2])
    damage(&segment, by: bytes.dropFirst(3))
    guard let reader = try? JournalReader(segment) else { return nil }
    guard reader.identity == identity, reader.firstSequence == first else { return "another segment" }
    guard reader.records.count <= payloads.count else { return "a record that nobody wrote" }
    for (index, record) in reader.records.enumerated() {
      guard record.sequence == first + UInt64(index), record.payload == payloads[index] else {
        return "a record that was changed"
      }
    }
    return reader.evidence < first + UInt64(payloads.count) ? nil : "evidence of what was never written"
  }

  private static let (identity, first): (UInt64, UInt64) = (0x0123_4567_89AB_CDEF, 41)

  private static func written(count: Int, size: Int, content: UInt8) -> (segment: [UInt8], payloads: [[UInt8]]) {
    var segment = JournalFormat.segmentHeader(identity: identity, first: first)
    var payloads: [[UInt8]] = []
    for index in 0..<count {
      let payload = [UInt8](repeating: content &+ UInt8(index), count: size * (index + 1) % 97)
      let sequence = first + UInt64(index)
      JournalFormat.append(payload, sequence: sequence, durable: sequence - 1, identity: identity, to: &segment)
      payloads.append(payload)
    }
    return (segment, payloads)
  }

  private static func damage(_ segment: inout [UInt8], by instructions: ArraySlice<UInt8>) {
    var rest = instructions
    while rest.count >= 3 {
      let triple = Array(rest.prefix(3))
      rest = rest.dropFirst(3)
      let place = Int(triple[0]) << 8 | Int(triple[1])
      if place >= 60_000 {
        segment.removeLast(min(segment.count, (place - 60_000) % 512))
      } else if !segment.isEmpty {
        segment[place % segment.count] = triple[2]
      }
    }
  }
}
