package import JSON
import System

/// Writes a safetensors file: first the plan, which tensors there will be, then their values in the same order.
///
/// The header is written before any values are at hand, so a model streams out of its buffer without a second copy.
package struct SafetensorsWriter {
  /// A tensor that will be written as F32.
  package struct Plan: Equatable, Sendable {
    package let name: String
    package let shape: [Int]

    package init(name: String, shape: [Int]) {
      self.name = name
      self.shape = shape
    }
  }

  private let plans: [Plan]
  /// The beginning of the file; the tensors follow, each as `sendBytes(of:to:)` gives it.
  package let header: [UInt8]

  /// - Precondition: names differ, and shapes are those of tensors in memory.
  package init(_ plans: [Plan], metadata: JSONObject = JSONObject()) {
    self.plans = plans
    header = Self.header(plans, metadata: metadata)
  }

  /// Replaces the file at `path` atomically.
  ///
  /// - Parameter values: calls its second argument with each tensor's values, in one piece or several.
  package func write(
    to path: String,
    _ values: (Plan, (Span<Float>) throws(SafetensorsError) -> Void) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    do {
      try AtomicFile.replace(path) { (sink: inout AtomicFile.Sink) throws(SafetensorsError) in
        try unsafe Self.write(header.span.bytes, to: &sink)
        for plan in plans {
          var count = 0
          try values(plan) { (piece) throws(SafetensorsError) in
            count += piece.count
            try Self.sendBytes(of: piece) { (bytes) throws(SafetensorsError) in try Self.write(bytes, to: &sink) }
          }
          let expected = plan.shape.reduce(1, *)
          guard count == expected else {
            throw .countMismatch(tensor: plan.name, foundCount: count, expectedCount: expected)
          }
        }
      }
    } catch {
      switch error {
      case .writing(let error): throw error
      case .system(let error): throw .system(error)
      }
    }
  }

  /// Sends a tensor's values to a sink as they stand in a file.
  package static func sendBytes<Failure: Error>(
    of values: Span<Float>, to sink: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    #if _endian(little)
      try unsafe sink(values.bytes)
    #else
      var patterns: [UInt32] = []
      patterns.reserveCapacity(values.count)
      for index in values.indices { patterns.append(values[index].bitPattern.littleEndian) }
      try unsafe sink(patterns.span.bytes)
    #endif
  }

  private static func write(_ bytes: RawSpan, to sink: inout AtomicFile.Sink) throws(SafetensorsError) {
    do { try sink.write(bytes) } catch { throw .system(error) }
  }

  /// The length and the JSON, padded with blanks so that the data begins at a multiple of eight bytes.
  private static func header(_ plans: [Plan], metadata: JSONObject) -> [UInt8] {
    var object = JSONObject()
    if !metadata.isEmpty { object.append(uniqueName: "__metadata__", .object(metadata)) }
    var offset = 0
    for plan in plans {
      let end = offset + plan.shape.reduce(ElementType.float32.byteCount, *)
      object.append(
        uniqueName: plan.name,
        [
          "dtype": JSONValue(ElementType.float32.rawValue),
          "shape": .array(plan.shape.map { JSONValue($0) }),
          "data_offsets": [JSONValue(offset), JSONValue(end)],
        ])
      offset = end
    }
    var json: [UInt8] = []
    JSONValue.object(object).write(to: &json)
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    let length = UInt64(json.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + json
  }
}
