import JSON

/// Reads one segment of a journal out of its bytes, whatever they are.
///
/// Records are read as long as they are whole and follow each other. What comes behind them is judged by the caller,
/// who knows how much must be there: `evidence` tells what the bytes behind the damage know about it.
package struct JournalReader: Sendable {
  package let identity: UInt64
  package let firstSequence: UInt64
  /// The whole records from the first one on, without a gap.
  package private(set) var records: [JournalRecord] = []
  /// Where each of `records` begins.
  package private(set) var offsets: [Int] = []
  /// Where the whole records end.
  package private(set) var endOffset = JournalFormat.segmentHeaderByteCount
  /// How many bytes there are behind `endOffset`.
  package private(set) var restByteCount = 0
  /// The highest sequence number that any whole record, also behind the damage, knows to have been durable.
  package private(set) var evidence: UInt64 = 0

  /// Why bytes are no segment at all.
  package struct HeaderError: Error, Equatable, Sendable {
    package let what: String
  }

  /// The sequence number that the record behind the last one has or would have.
  package var nextSequence: UInt64 { firstSequence + UInt64(records.count) }

  /// - Throws: when the header is not whole.
  package init(_ bytes: [UInt8]) throws(HeaderError) {
    let span = bytes.span
    guard span.count >= JournalFormat.segmentHeaderByteCount else {
      throw HeaderError(what: "it has \(span.count) bytes, fewer than a header")
    }
    for index in JournalFormat.magic.indices where span[index] != JournalFormat.magic[index] {
      throw HeaderError(what: "it does not begin as a journal does")
    }
    let version: UInt32 = span.number(at: 8)
    let header = span.extracting(0..<JournalFormat.segmentHeaderByteCount)
    guard span.number(at: 12) == JournalFormat.checksum(ofSegmentHeader: header) else {
      throw HeaderError(what: "the header's checksum differs")
    }
    guard version == JournalFormat.version else {
      throw HeaderError(what: "it has format version \(version), this program reads \(JournalFormat.version)")
    }
    identity = span.number(at: 16)
    firstSequence = span.number(at: 24)
    guard firstSequence > 0, firstSequence < JournalFormat.sequenceLimit else {
      throw HeaderError(what: "its first sequence number is out of range")
    }
    readRecords(span)
    if restByteCount > 0 { search(span) }
  }

  private mutating func readRecords(_ bytes: Span<UInt8>) {
    while let record = Header(bytes, at: endOffset), record.sequence == nextSequence,
      record.isWhole(in: bytes, identity: identity)
    {
      offsets.append(endOffset)
      var payload: [UInt8] = []
      payload.append(copying: bytes.extracting((endOffset + JournalFormat.recordHeaderByteCount)..<record.endOffset))
      records.append(JournalRecord(sequence: record.sequence, payload: payload))
      evidence = max(evidence, record.durable)
      endOffset = record.endOffset
    }
    restByteCount = bytes.count - endOffset
  }

  /// Looks for whole records anywhere behind the damage.
  private mutating func search(_ bytes: Span<UInt8>) {
    let greatest = nextSequence + UInt64(bytes.count / JournalFormat.recordHeaderByteCount)
    // Bytes made to look like one header after another would take their square to check.
    var checkableByteCount = 16 * bytes.count
    var offset = endOffset + 1
    while offset + JournalFormat.recordHeaderByteCount <= bytes.count {
      let start = offset
      offset += 1
      guard let record = Header(bytes, at: start), record.sequence > nextSequence, record.sequence <= greatest else {
        continue
      }
      checkableByteCount -= record.endOffset - start
      guard checkableByteCount >= 0 else {
        // The safe side: nothing is cut.
        evidence = max(evidence, nextSequence)
        return
      }
      guard record.isWhole(in: bytes, identity: identity) else { continue }
      evidence = max(evidence, record.durable)
      offset = record.endOffset
    }
  }
}

extension JournalReader {
  /// What may be the first bytes of a record.
  private struct Header {
    let sequence: UInt64
    let durable: UInt64
    let endOffset: Int
    private let offset: Int

    /// Nil where no record can begin, as its bytes would not fit or its numbers make no sense.
    init?(_ bytes: Span<UInt8>, at offset: Int) {
      let room = bytes.count - offset - JournalFormat.recordHeaderByteCount
      guard room >= 0 else { return nil }
      let count = Int(bytes.number(at: offset, as: UInt32.self))
      guard count <= min(room, JournalFormat.payloadByteLimit) else { return nil }
      sequence = bytes.number(at: offset + 8)
      durable = bytes.number(at: offset + 16)
      guard sequence < JournalFormat.sequenceLimit, durable < sequence else { return nil }
      endOffset = offset + JournalFormat.recordHeaderByteCount + count
      self.offset = offset
    }

    /// Whether the record's checksum is right.
    func isWhole(in bytes: Span<UInt8>, identity: UInt64) -> Bool {
      let checksum = JournalFormat.checksum(ofRecord: bytes.extracting(offset..<endOffset), identity: identity)
      return bytes.number(at: offset + 4) == checksum
    }
  }
}
