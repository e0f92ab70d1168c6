import Testing

@testable import JSON

@Suite("The JSON reader")
struct JSONReaderTests {
  @Test("A reader of the outer object learns where each value stands in the text")
  func positions() throws {
    let text = Array(#" { "a" : 1.0 ,"b":[ 1 , 2 ],"c":"\u00e9" } "#.utf8)
    var found: [String: String] = [:]
    let object = try JSONReader.read(text.span, depthLimit: 8) { (reader) throws(JSONError) in
      try reader.object(in: text.span) { (reader, name) throws(JSONError) in
        let start = reader.position
        let value = try reader.value(in: text.span)
        found[name] = String(decoding: text[start..<reader.position], as: UTF8.self)
        return value
      }
    }
    #expect(found == ["a": "1.0", "b": "[ 1 , 2 ]", "c": #""\u00e9""#])
    #expect(object == ["a": .number(JSONNumber(checkedLiteral: "1.0")), "b": [1, 2], "c": "é"])
  }

  @Test("The depth limit counts open arrays and objects, not values", arguments: [0, 1, 2, 3, 64, 512])
  func depthLimit(limit: Int) throws {
    let allowed = String(repeating: "[", count: limit) + "1" + String(repeating: "]", count: limit)
    #expect(try JSONValue.parse(allowed, depthLimit: limit).description == allowed)
    #expect(throws: JSONError.nestingTooDeep(limit: limit, offset: limit)) {
      try JSONValue.parse("[\(allowed)]", depthLimit: limit)
    }
  }

  @Test("The part limit counts values, with all that is in them, and escapes", arguments: 0...8)
  func partLimit(limit: Int) throws {
    let text = Array(#"{"a":[1,{"\n":"\"x"}],"c":null}"#.utf8)
    // Where the values and the escapes begin.
    let offsets = [0, 5, 6, 8, 10, 14, 15, 26]
    func read() throws(JSONError) -> JSONValue {
      try JSONReader.read(text.span, depthLimit: 3, partLimit: limit) { (reader) throws(JSONError) in
        try reader.value(in: text.span)
      }
    }
    if limit < offsets.count {
      #expect(throws: JSONError.tooManyParts(limit: limit, offset: offsets[limit])) { try read() }
    } else {
      #expect(try read() == ["a": [1, ["\n": "\"x"]], "c": nil])
    }
  }

  @Test("No caller can ask for more nesting than a thread's stack holds")
  func greatestDepthLimit() {
    let text = String(repeating: #"{"":"#, count: 100_000)
    let greatest = JSONReader.greatestDepthLimit
    #expect(throws: JSONError.nestingTooDeep(limit: greatest, offset: greatest * 4)) {
      try JSONValue.parse(text, depthLimit: .max)
    }
    #expect(throws: JSONError.nestingTooDeep(limit: 0, offset: 0)) { try JSONValue.parse(text, depthLimit: -1) }
  }

  @Test(
    "A byte is found at every place of texts of every length around a word's and a block's",
    arguments: Array(0...33) + [63, 64, 65, 127, 130])
  func searching(length: Int) {
    let plain = [UInt8](repeating: 0x61, count: length)
    #expect(plain.span.firstOffset(of: 0x0A, from: 0) == length)
    #expect(plain.span.firstSpecialOffset(from: 0) == length)
    var missed: [(offset: Int, byte: UInt8)] = []
    for offset in 0..<length {
      for byte in [UInt8](0x00...0xFF) where byte != 0x61 {
        var bytes = plain
        bytes[offset] = byte
        // A second hit behind the first must not hide it.
        if offset + 1 < length { bytes[offset + 1] = byte }
        let isFound =
          bytes.span.firstSpecialOffset(from: 0) == (byte.isSpecialInString ? offset : length)
          && bytes.span.firstOffset(of: byte, from: 0) == offset
          && bytes.span.firstOffset(of: byte, from: offset) == offset
        if !isFound { missed.append((offset, byte)) }
      }
    }
    #expect(missed.isEmpty)
  }

  @Test(
    "Neighbouring byte values never hide or feign a hit", arguments: [UInt8(0x0A), 0x22, 0x5C, 0x00, 0x7F, 0x80, 0xFF])
  func neighbours(byte: UInt8) {
    for low in [byte &- 1, byte &+ 1, byte ^ 0x80, byte ^ 0x01] {
      for (count, place) in [(16, 9), (160, 9), (160, 73), (160, 150)] {
        var bytes = [UInt8](repeating: low, count: count)
        #expect(bytes.span.firstOffset(of: byte, from: 0) == count)
        bytes[place] = byte
        #expect(bytes.span.firstOffset(of: byte, from: 0) == place)
        #expect(bytes.span.firstOffset(of: byte, from: place + 1) == count)
      }
    }
  }
}
