import JSON

/// Cuts a stream of bytes into lines, however the stream was split on its way.
///
/// A line ends with LF or CRLF; lines of blanks only are left out. A line of more than `lineByteLimit` bytes (its end not
/// counted) is reported once, not kept, and reading goes on behind its end. `append`, then `next` until it gives nil.
package struct LineFramer: Sendable {
  package enum Item: Equatable, Sendable {
    case line([UInt8])
    case tooLong
  }

  package let lineByteLimit: Int

  private var buffer: [UInt8] = []

  /// Where the first line not yet given begins in `buffer`.
  private var start = 0

  /// Up to where `buffer` is known to hold no line end.
  private var searched = 0

  /// Whether the line at `start` was reported as too long and is being passed over.
  private var isSkipping = false

  private var isFinished = false

  package init(lineByteLimit: Int = 8 << 20) { self.lineByteLimit = max(lineByteLimit, 0) }

  /// The count of bytes that wait for `next`, or for their line's end.
  package var bufferedByteCount: Int { buffer.count - start }

  package mutating func append(_ bytes: Span<UInt8>) {
    if isSkipping, bufferedByteCount == 0 {
      let end = bytes.firstOffset(of: lineFeed, from: 0)
      if end < bytes.count { buffer.append(copying: bytes.extracting(end...)) }
    } else {
      buffer.append(copying: bytes)
    }
  }

  package mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

  /// The stream is at its end: what follows the last line end is a line, too.
  package mutating func finish() { isFinished = true }

  /// Passes over the line that has begun and whose end hasn't come. Call it when `next` gives nil.
  package mutating func skipLine() {
    guard bufferedByteCount > 0 else { return }
    isSkipping = true
    buffer.removeAll(keepingCapacity: false)
    start = 0
    searched = 0
  }

  /// The next line, or nil when more bytes are needed.
  package mutating func next() -> Item? {
    while true {
      let end = buffer.span.firstOffset(of: lineFeed, from: searched)
      guard end < buffer.count else {
        searched = end
        return unfinishedLine()
      }
      let item = isSkipping ? nil : item(in: start..<end)
      isSkipping = false
      start = end + 1
      searched = start
      if let item {
        dropGivenBytes()
        return item
      }
    }
  }

  /// What can be said of the bytes behind the last line end.
  private mutating func unfinishedLine() -> Item? {
    let range = start..<buffer.count
    // One byte over the limit may still turn out to be the CR of a CRLF.
    let isCertainlyTooLong = range.count - 1 > lineByteLimit
    guard isSkipping || isFinished || isCertainlyTooLong else {
      dropGivenBytes()
      return nil
    }
    let item = isSkipping ? nil : item(in: range)
    isSkipping = true
    buffer.removeAll(keepingCapacity: buffer.count <= keptCapacity)
    start = 0
    searched = 0
    return item
  }

  /// The line in a range without its LF; nil for a blank one.
  private func item(in range: Range<Int>) -> Item? {
    var range = range
    if let last = range.last, buffer[last] == carriageReturn { range = range.dropLast() }
    guard range.count <= lineByteLimit else { return .tooLong }
    let line = buffer[range]
    guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != carriageReturn }) else { return nil }
    return .line(Array(line))
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

/// An empty buffer of up to this many bytes is kept for the next lines.
private let keptCapacity = 64 << 10
