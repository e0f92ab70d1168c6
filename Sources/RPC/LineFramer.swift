import JSON

/// Cuts a stream of bytes into lines, however the stream was split on its way.
///
/// A line ends with LF or CRLF; lines of blanks only are left out. A line of more than `lineByteLimit` bytes (its end not
/// counted) is reported once, not kept, and reading goes on behind its end. `append`, then `next` until it gives nil.
///
/// A byte is copied and looked at a bounded number of times, whatever it comes with: a long line is kept in pieces until
/// its end, not moved to ever larger places, and in one piece when another of its length came before. There is one of each
/// stream: a copy could only be an accident.
package struct LineFramer: ~Copyable, Sendable {
  package enum Item: Equatable, Sendable {
    case line([UInt8])
    case tooLong
  }

  package enum PiecedItem: Sendable {
    case line(PiecedLine)
    case tooLong
  }

  package let lineByteLimit: Int

  /// From how many bytes on what has come of a line is put aside: more than the longest line had, within reason.
  private var pieceByteCount: Int

  private var buffer: [UInt8] = []

  /// Where the first line not yet given begins in `buffer`, or goes on there.
  private var start = 0

  /// Up to where `buffer` is known to hold no line end.
  private var searched = 0

  /// How the line begins that goes on in `buffer`, when it is long.
  private var beginning = PiecedLine()

  /// Whether the line at `start` was reported as too long and is being passed over.
  private var isSkipping = false

  private var isFinished = false

  /// - Parameter pieceByteCount: from how many bytes on what has come of a line is put aside as a piece, at first.
  package init(lineByteLimit: Int = 8 << 20, pieceByteCount: Int = 64 << 10) {
    self.lineByteLimit = max(lineByteLimit, 0)
    self.pieceByteCount = max(pieceByteCount, 1)
  }

  /// The count of bytes that wait for `next`, or for their line's end.
  package var bufferedByteCount: Int { beginning.byteCount + buffer.count - start }

  /// Whether a line has begun whose end hasn't come, or hasn't been looked for.
  package var isWithinLine: Bool { bufferedByteCount > 0 || isSkipping }

  package mutating func append(_ bytes: Span<UInt8>) {
    if isSkipping, bufferedByteCount == 0 {
      let end = bytes.firstOffset(of: lineFeed, from: 0)
      if end < bytes.count { buffer.append(copying: bytes.extracting(end...)) }
    } else {
      let byteCount = buffer.count + bytes.count
      if byteCount >= keptCapacity, byteCount <= pieceByteCount { buffer.reserveCapacity(pieceByteCount) }
      buffer.append(copying: bytes)
    }
  }

  package mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

  /// Appends what one read brings: at once to where a long line goes on, if there is room, else by way of a place that many
  /// streams share, as none should keep room for a chunk of its own.
  ///
  /// - Parameters:
  ///   - count: how many bytes to read at most.
  ///   - read: is given an array to append to, and how many bytes at most.
  package mutating func append<Outcome, Failure>(
    atMost count: Int, through shared: inout [UInt8],
    _ read: (inout [UInt8], Int) throws(Failure) -> Outcome
  ) throws(Failure) -> Outcome {
    let room = isSkipping || buffer.count < keptCapacity ? 0 : buffer.capacity - buffer.count
    if room > 0 { return try read(&buffer, min(count, room)) }
    shared.removeAll(keepingCapacity: true)
    let outcome = try read(&shared, count)
    append(shared)
    return outcome
  }

  /// The stream is at its end: what follows the last line end is a line, too.
  package mutating func finish() { isFinished = true }

  /// Passes over the line that has begun and whose end hasn't come. Call it when `next` gives nil.
  package mutating func skipLine() {
    guard bufferedByteCount > 0 else { return }
    isSkipping = true
    dropLine(keepingCapacity: false)
  }

  /// The next line, or nil when more bytes are needed.
  package mutating func next() -> Item? {
    switch nextInPieces() {
    case .line(let line): .line(line.joined())
    case .tooLong: .tooLong
    case nil: nil
    }
  }

  /// The next line, in pieces when it is long, or nil when more bytes are needed.
  package mutating func nextInPieces() -> PiecedItem? {
    while true {
      let end = buffer.span.firstOffset(of: lineFeed, from: searched)
      guard end < buffer.count else {
        searched = end
        return unfinishedLine()
      }
      let item = isSkipping ? nil : item(endingAt: end)
      isSkipping = false
      start = min(end + 1, buffer.count)
      searched = start
      if let item {
        dropGivenBytes()
        return item
      }
    }
  }

  /// What can be said of the bytes behind the last line end.
  private mutating func unfinishedLine() -> PiecedItem? {
    // One byte over the limit may still turn out to be the CR of a CRLF.
    let isCertainlyTooLong = bufferedByteCount - 1 > lineByteLimit
    guard isSkipping || isFinished || isCertainlyTooLong else {
      dropGivenBytes()
      if buffer.count - start >= pieceByteCount { setPieceAside() }
      return nil
    }
    let item = isSkipping ? nil : item(endingAt: buffer.count)
    isSkipping = true
    dropLine(keepingCapacity: buffer.count <= keptCapacity)
    return item
  }

  /// The line that ends before `end`; nil for a blank one.
  private mutating func item(endingAt end: Int) -> PiecedItem? {
    var line = beginning
    beginning = PiecedLine()
    if start == 0, end >= keptCapacity, end + 1 >= buffer.count {
      // All of a large buffer: it is handed on as it is.
      buffer.removeSubrange(end...)
      line.append(buffer)
      buffer = []
    } else {
      line.append(Array(buffer[start..<end]))
    }
    if line.byteCount >= pieceByteCount {
      pieceByteCount = min(line.byteCount + line.byteCount / 8, largestPieceByteCount)
    }
    line.dropLast(carriageReturn)
    guard line.byteCount <= lineByteLimit else { return .tooLong }
    return line.consists { $0 == 0x20 || $0 == 0x09 || $0 == carriageReturn } ? nil : .line(line)
  }

  /// Puts aside what has come of a line.
  private mutating func setPieceAside() {
    if start > 0 { buffer.removeSubrange(..<start) }
    beginning.append(buffer)
    buffer = []
    start = 0
    searched = 0
  }

  private mutating func dropLine(keepingCapacity keepsCapacity: Bool) {
    beginning = PiecedLine()
    buffer.removeAll(keepingCapacity: keepsCapacity)
    start = 0
    searched = 0
  }

  /// Moves what is left to the buffer's beginning once that is worth the copy, and gives a large empty buffer back.
  private mutating func dropGivenBytes() {
    guard start > 0, start >= buffer.count / 2 else { return }
    if start == buffer.count {
      buffer.removeAll(keepingCapacity: buffer.capacity <= keptCapacity)
    } else {
      buffer.removeSubrange(..<start)
    }
    searched -= start
    start = 0
  }
}

private let lineFeed: UInt8 = 0x0A
private let carriageReturn: UInt8 = 0x0D

/// A piece has no more bytes than this, but for the last ones that came.
private let largestPieceByteCount = 1 << 20

/// An empty buffer of up to this many bytes is kept for the next lines.
private let keptCapacity = 64 << 10
