import JSON
import System
import Testing

@testable import Safetensors

/// A header that must be refused, with the data that follows it and the error expected.
struct Refusal: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let bytes: [UInt8]
  let error: SafetensorsError

  init(_ name: String, _ json: String, dataByteCount: Int = 0, _ error: SafetensorsError) {
    testDescription = name
    bytes = file(json, dataByteCount: dataByteCount)
    self.error = error
  }

  init(_ name: String, bytes: [UInt8], _ error: SafetensorsError) {
    testDescription = name
    self.bytes = bytes
    self.error = error
  }

  static func tensor(_ fields: String) -> String { "{\"t\":{\(fields)}}" }

  static let f32 = "\"dtype\":\"F32\",\"shape\""

  static let all: [Refusal] = [
    Refusal("no bytes", bytes: [], .truncated(foundByteCount: 0, expectedByteCount: 8)),
    Refusal("half a length", bytes: [1, 0, 0], .truncated(foundByteCount: 3, expectedByteCount: 8)),
    Refusal(
      "a length beyond the file", bytes: [100, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8),
      .truncated(foundByteCount: 10, expectedByteCount: 108)),
    Refusal(
      "the greatest length", bytes: [UInt8](repeating: 255, count: 8) + Array("{}".utf8),
      .headerTooLarge(foundByteCount: .max, byteLimit: 100_000_000)),
    Refusal("no header", "", .headerNotObject(offset: 0)),
    Refusal("an array", "[]", .headerNotObject(offset: 0)),
    Refusal("a blank first", " {}", .headerNotObject(offset: 0)),
    Refusal("a line feed as padding", "{}\n", .headerNotObject(offset: 2)),
    Refusal("a zero byte as padding", "{}\0", .headerNotObject(offset: 2)),
    Refusal("a no-break space as padding", "{}\u{A0}", .headerNotObject(offset: 3)),
    Refusal("broken JSON", "{,}", .headerNotJSON(.unexpected(found: .structural(","), expected: "", offset: 1))),
    Refusal(
      "a name twice", "{\"t\":{\(f32):[0],\"data_offsets\":[0,0]},\"t\":{\(f32):[0],\"data_offsets\":[0,0]}}",
      .headerNotJSON(.duplicateName(offset: 0))),
    Refusal("metadata of numbers", "{\"__metadata__\":{\"a\":1}}", .metadataNotStrings),
    Refusal("metadata that is a string", "{\"__metadata__\":\"a\"}", .metadataNotStrings),
    Refusal("a tensor that is a number", "{\"t\":1}", .badField(tensor: "t", field: "entry", expected: "")),
    Refusal(
      "no dtype", tensor("\"shape\":[],\"data_offsets\":[0,4]"), .badField(tensor: "t", field: "dtype", expected: "")),
    Refusal(
      "an unknown dtype", tensor("\"dtype\":\"F31\",\"shape\":[],\"data_offsets\":[0,4]"),
      .unknownElementType(tensor: "t", found: "F31")),
    Refusal(
      "a field too many", tensor("\(f32):[],\"data_offsets\":[0,4],\"x\":1"),
      .badField(tensor: "t", field: "x", expected: "")),
    Refusal(
      "no shape", tensor("\"dtype\":\"F32\",\"data_offsets\":[0,4]"),
      .badField(tensor: "t", field: "shape", expected: "")),
    Refusal(
      "a negative dimension", tensor("\(f32):[-1],\"data_offsets\":[0,4]"),
      .badField(tensor: "t", field: "shape", expected: "")),
    Refusal(
      "half a dimension", tensor("\(f32):[0.5],\"data_offsets\":[0,4]"),
      .badField(tensor: "t", field: "shape", expected: "")),
    Refusal(
      "a dimension beyond all numbers", tensor("\(f32):[99999999999999999999],\"data_offsets\":[0,4]"),
      .badField(tensor: "t", field: "shape", expected: "")),
    Refusal(
      "a product that overflows", tensor("\(f32):[4294967296,4294967296],\"data_offsets\":[0,4]"),
      .shapeTooLarge(tensor: "t")),
    Refusal(
      "bytes of elements that overflow", tensor("\(f32):[9223372036854775807],\"data_offsets\":[0,4]"),
      .shapeTooLarge(tensor: "t")),
    Refusal(
      "one offset", tensor("\(f32):[1],\"data_offsets\":[0]"),
      .badField(tensor: "t", field: "data_offsets", expected: "")),
    Refusal(
      "offsets that run backwards", tensor("\(f32):[1],\"data_offsets\":[4,0]"),
      .badField(tensor: "t", field: "data_offsets", expected: "")),
    Refusal(
      "a range that is too short", tensor("\(f32):[2],\"data_offsets\":[0,4]"), dataByteCount: 4,
      .rangeMismatch(tensor: "t", foundByteCount: 4, expectedByteCount: 8)),
    Refusal(
      "a hole at the beginning", tensor("\(f32):[1],\"data_offsets\":[4,8]"), dataByteCount: 8,
      .misplaced(tensor: "t", foundOffset: 4, expectedOffset: 0)),
    Refusal(
      "a hole between", "{\"t\":{\(f32):[1],\"data_offsets\":[0,4]},\"u\":{\(f32):[1],\"data_offsets\":[8,12]}}",
      dataByteCount: 12, .misplaced(tensor: "u", foundOffset: 8, expectedOffset: 4)),
    Refusal(
      "an overlap", "{\"t\":{\(f32):[2],\"data_offsets\":[0,8]},\"u\":{\(f32):[1],\"data_offsets\":[4,8]}}",
      dataByteCount: 8, .misplaced(tensor: "u", foundOffset: 4, expectedOffset: 8)),
    Refusal(
      "data that ends early", tensor("\(f32):[1],\"data_offsets\":[0,4]"), dataByteCount: 3,
      .dataMismatch(foundByteCount: 3, expectedByteCount: 4)),
    Refusal(
      "data beyond the last tensor", tensor("\(f32):[1],\"data_offsets\":[0,4]"), dataByteCount: 5,
      .dataMismatch(foundByteCount: 5, expectedByteCount: 4)),
    Refusal("data without a tensor", "{}", dataByteCount: 1, .dataMismatch(foundByteCount: 1, expectedByteCount: 0)),
  ]
}

@Suite("A safetensors header")
struct SafetensorsHeaderTests {
  @Test("is refused with the error that says what was found", arguments: Refusal.all)
  func refuses(_ refusal: Refusal) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(refusal.bytes)
    let error = #expect(throws: SafetensorsError.self) { _ = try SafetensorsReader(opening: path).header }
    #expect(error.map(simplified) == simplified(refusal.error))
    #expect(error.map { !"\($0)".isEmpty } == true)
  }

  @Test("may order its tensors as it likes, and place empty ones anywhere between")
  func sortsByOffset() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(
      file(
        """
        {"b":{\(Refusal.f32):[1],"data_offsets":[4,8]},"e":{\(Refusal.f32):[0,9],"data_offsets":[4,4]},\
        "a":{\(Refusal.f32):[1,1],"data_offsets":[0,4]}}   
        """, dataByteCount: 8))
    let header = try SafetensorsReader(opening: path).header
    #expect(header.entries.map(\.name) == ["a", "e", "b"])
    #expect(header.entry(named: "e")?.count == 0)
    #expect(header.entry(named: "x") == nil)
  }

  @Test("is read from regular files only")
  func refusesDirectories() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: SafetensorsError.self) { _ = try SafetensorsReader(opening: directory.path).header }
    #expect(throws: SafetensorsError.self) { _ = try SafetensorsReader(opening: directory.path + "/none").header }
  }

  @Test("shows long and strange names cut and on one line")
  func cutsNames() {
    #expect(SafetensorsError.shown("a\nb") == "a\u{FFFD}b")
    #expect(SafetensorsError.shown(String(repeating: "x", count: 1000)).count == 81)
  }

  /// What the messages of other modules say, and where exactly JSON went wrong, is not this suite's matter.
  private func simplified(_ error: SafetensorsError) -> SafetensorsError {
    switch error {
    case .badField(let tensor, let field, _): .badField(tensor: tensor, field: field, expected: "")
    case .headerNotJSON(.duplicateName): .headerNotJSON(.duplicateName(offset: 0))
    case .headerNotJSON: .headerNotJSON(.invalidUTF8(offset: 0))
    default: error
    }
  }
}
