import RPC

/// A stream gives the same lines in one piece as in any parts. The first byte is the limit of a line's length, the
/// second one how the stream is cut.
enum LinesFuzzing {
  static func violation(_ bytes: [UInt8]) -> String? {
    guard bytes.count > 2 else { return nil }
    let (limit, cut) = (Int(bytes[0]), Int(bytes[1]))
    let stream = bytes.dropFirst(2)
    var whole = LineFramer(lineByteLimit: limit)
    whole.append(Array(stream))
    whole.finish()
    let expected = items(of: &whole)
    var parts = LineFramer(lineByteLimit: limit)
    var found: [LineFramer.Item] = []
    var rest = stream
    var size = cut
    while !rest.isEmpty {
      size = (size * 5 + 1) % 17
      parts.append(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
      if size % 3 != 0 { found += items(of: &parts) }
    }
    parts.finish()
    found += items(of: &parts)
    guard found == expected else { return "cut differently it gave other lines" }
    for case .line(let line) in found where line.count > limit || line.contains(10) {
      return "a line that is too long, or no line"
    }
    return parts.bufferedByteCount == 0 ? nil : "bytes were left behind"
  }

  private static func items(of framer: inout LineFramer) -> [LineFramer.Item] {
    var items: [LineFramer.Item] = []
    while let item = framer.next() { items.append(item) }
    return items
  }
}
