package import JSON

/// What the beginning of a safetensors file says of the rest.
///
///     u64 little-endian N · N bytes of JSON, padded with blanks · data
///
/// The JSON names each tensor's element type, its shape and where in the data its bytes stand (row-major). Tensors follow
/// each other without holes, and the last one ends where the file does: every byte of a file has one meaning.
package struct SafetensorsHeader: Equatable, Sendable {
  /// One tensor's place and form.
  package struct Entry: Equatable, Sendable {
    package let name: String
    package let elementType: ElementType
    package let shape: [Int]
    /// Byte offsets, counted from the beginning of the data.
    package let range: Range<Int>

    /// How many elements there are.
    package var count: Int { range.count / elementType.byteCount }
  }

  /// The tensors, in the order of their data.
  package let entries: [Entry]
  /// The strings under `__metadata__`, as they were written.
  package let metadata: JSONObject
  /// Where the data begins in the file.
  package let dataOffset: Int

  /// A longer header is refused, as the format's own library does.
  package static let byteLimit = 100_000_000
  /// Bytes of the number that a file begins with.
  package static let lengthByteCount = 8

  /// The tensor of this name.
  package func entry(named name: String) -> Entry? {
    entries.first { $0.name.utf8.elementsEqual(name.utf8) }
  }

  /// The metadata string of this name.
  package func metadata(_ name: String) -> String? { metadata[name]?.string }

  /// How many bytes the header's JSON has, by the file's first eight bytes.
  ///
  /// - Parameter start: the first eight bytes, or all of a shorter file.
  /// - Parameter fileByteCount: the size of the whole file.
  package static func jsonByteCount(start: Span<UInt8>, fileByteCount: Int) throws(SafetensorsError) -> Int {
    guard start.count >= lengthByteCount else {
      throw .truncated(foundByteCount: fileByteCount, expectedByteCount: lengthByteCount)
    }
    var length: UInt64 = 0
    for index in 0..<lengthByteCount { length |= UInt64(start[index]) << UInt64(8 * index) }
    guard length <= UInt64(byteLimit) else {
      throw .headerTooLarge(foundByteCount: length, byteLimit: byteLimit)
    }
    let expected = lengthByteCount + Int(length)
    guard fileByteCount >= expected else {
      throw .truncated(foundByteCount: fileByteCount, expectedByteCount: expected)
    }
    return Int(length)
  }

  /// Reads the header's JSON and holds it against the size of the file.
  package init(json: Span<UInt8>, fileByteCount: Int) throws(SafetensorsError) {
    let object = try Self.object(json)
    var entries: [Entry] = []
    var metadata = JSONObject()
    entries.reserveCapacity(object.count)
    for member in object.members {
      if member.name.utf8.elementsEqual("__metadata__".utf8) {
        guard let strings = member.value.object, strings.members.allSatisfy({ $0.value.string != nil }) else {
          throw .metadataNotStrings
        }
        metadata = strings
      } else {
        entries.append(try Entry(name: member.name, member.value))
      }
    }
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    self.entries = entries
    self.metadata = metadata
    dataOffset = Self.lengthByteCount + json.count
    try checkPlaces(dataByteCount: fileByteCount - dataOffset)
  }

  private static func object(_ json: Span<UInt8>) throws(SafetensorsError) -> JSONObject {
    var end = json.count
    while end > 0, json[end - 1] == UInt8(ascii: " ") { end -= 1 }
    guard end > 0, json[0] == UInt8(ascii: "{") else { throw .headerNotObject(offset: 0) }
    guard json[end - 1] == UInt8(ascii: "}") else { throw .headerNotObject(offset: end - 1) }
    do {
      guard let object = try JSONValue.parse(json, depthLimit: 8).object else {
        throw SafetensorsError.headerNotObject(offset: 0)
      }
      return object
    } catch let error as JSONError {
      throw .headerNotJSON(error)
    } catch {
      throw .headerNotObject(offset: 0)
    }
  }

  /// Each tensor begins where the one before ends, the first at 0, and the last ends where the data does.
  private func checkPlaces(dataByteCount: Int) throws(SafetensorsError) {
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end else {
        throw .misplaced(
          tensor: SafetensorsError.shown(entry.name), foundOffset: entry.range.lowerBound, expectedOffset: end)
      }
      end = entry.range.upperBound
    }
    guard end == dataByteCount else { throw .dataMismatch(foundByteCount: dataByteCount, expectedByteCount: end) }
  }
}

extension SafetensorsHeader.Entry {
  /// Reads one member of the header's object.
  init(name: String, _ value: JSONValue) throws(SafetensorsError) {
    let shown = SafetensorsError.shown(name)
    guard let fields = value.object else {
      throw .badField(tensor: shown, field: "entry", expected: "an object")
    }
    for member in fields.members where !["dtype", "shape", "data_offsets"].contains(member.name) {
      let field = SafetensorsError.shown(member.name)
      throw .badField(tensor: shown, field: field, expected: "only dtype, shape and data_offsets")
    }
    guard let typeName = fields["dtype"]?.string else {
      throw .badField(tensor: shown, field: "dtype", expected: "a string")
    }
    guard let elementType = ElementType(rawValue: typeName) else {
      throw .unknownElementType(tensor: shown, found: SafetensorsError.shown(typeName))
    }
    let shape = try Self.counts(fields["shape"], tensor: shown, field: "shape")
    let offsets = try Self.counts(fields["data_offsets"], tensor: shown, field: "data_offsets")
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .badField(tensor: shown, field: "data_offsets", expected: "a begin and an end not before it")
    }
    guard let expected = Self.byteCount(shape: shape, elementType: elementType) else {
      throw .shapeTooLarge(tensor: shown)
    }
    guard offsets[1] - offsets[0] == expected else {
      throw .rangeMismatch(tensor: shown, foundByteCount: offsets[1] - offsets[0], expectedByteCount: expected)
    }
    self.init(name: name, elementType: elementType, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// The bytes that a tensor takes; nil beyond what an `Int` holds.
  static func byteCount(shape: [Int], elementType: ElementType) -> Int? {
    if shape.contains(0) { return 0 }
    var count = elementType.byteCount
    for dimension in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      count = product
    }
    return count
  }

  private static func counts(
    _ value: JSONValue?, tensor: String, field: String
  ) throws(SafetensorsError) -> [Int] {
    guard let array = value?.array else {
      throw .badField(tensor: tensor, field: field, expected: "an array of whole numbers")
    }
    var counts: [Int] = []
    for element in array {
      guard let count = element.int, count >= 0 else {
        throw .badField(tensor: tensor, field: field, expected: "whole numbers from 0")
      }
      counts.append(count)
    }
    return counts
  }
}
