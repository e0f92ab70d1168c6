import Safetensors

/// A file's header is refused, or places each of its tensors within the file, one behind the other.
enum SafetensorsFuzzing {
  static func violation(_ bytes: [UInt8]) -> String? {
    let start = Array(bytes.prefix(SafetensorsHeader.lengthByteCount))
    guard let count = try? SafetensorsHeader.jsonByteCount(start: start.span, fileByteCount: bytes.count) else {
      return nil
    }
    guard start.count + count <= bytes.count else { return "a header of \(count) bytes in a file of \(bytes.count)" }
    let json = Array(bytes[start.count..<start.count + count])
    guard let header = try? SafetensorsHeader(json: json.span, fileByteCount: bytes.count) else { return nil }
    var end = 0
    for entry in header.entries {
      guard entry.range.lowerBound == end, entry.shape.allSatisfy({ $0 >= 0 }) else { return "a misplaced tensor" }
      end = entry.range.upperBound
    }
    return header.dataOffset + end == bytes.count ? nil : "data that no tensor has"
  }
}
