import Foundation
import Testing

@testable import Safetensors

@Suite("Reading safetensors")
struct SafetensorsReaderTests {
  static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden/pytorch.safetensors").path

  @Test("gives the values that PyTorch wrote, halves widened exactly")
  func readsPyTorch() throws {
    var reader = try SafetensorsReader(opening: Self.golden)
    #expect(reader.header.metadata("format") == "pt")
    #expect(reader.header.metadata("note") == "é")
    var found: [String: (shape: [Int], values: [Float])] = [:]
    while let (entry, values) = try reader.next() { found[entry.name] = (entry.shape, values) }
    #expect(found.count == 5)
    #expect(found["matrix"]?.shape == [2, 3])
    #expect(found["matrix"]?.values == [1, -2.5, 3.25, 0.1, 1e-30, -0.0])
    #expect(found["matrix"]?.values.last?.sign == .minus)
    #expect(found["scalar"]?.shape == [] && found["scalar"]?.values == [7.5])
    #expect(found["empty"]?.shape == [0, 4] && found["empty"]?.values == [])
    #expect(found["half"]?.values == [1, -0.5, 65504, 0x1p-24, 0.333251953125, .infinity])
    #expect(found["brain"]?.values[..<2] == [1, -3])
    #expect(found["brain"]?.values[2] == Float(bitPattern: 0x7F7F_0000))
    #expect(found["brain"]?.values[3] == Float(bitPattern: 0x0001_0000))
  }

  @Test("widens every half as the hardware's own type does")
  func widensEveryHalf() {
    for pattern in UInt16.min...UInt16.max {
      let widened = FloatWidening.widenedHalf(pattern)
      let expected = Float(Float16(bitPattern: pattern))
      #expect(widened == expected || widened.isNaN && expected.isNaN, "0x\(String(pattern, radix: 16))")
      #expect(widened.sign == expected.sign)
    }
  }

  @Test("refuses elements that don't widen, by name", arguments: ["F64", "I64", "U8", "BOOL", "F8_E4M3"])
  func refusesOtherTypes(_ name: String) throws {
    let directory = try TemporaryDirectory()
    let type = try #require(ElementType(rawValue: name))
    let path = try directory.write(
      file(
        "{\"t\":{\"dtype\":\"\(name)\",\"shape\":[1],\"data_offsets\":[0,\(type.byteCount)]}}",
        dataByteCount: type.byteCount))
    var reader = try SafetensorsReader(opening: path)
    var error: SafetensorsError?
    do { _ = try reader.next() } catch let found { error = found }
    #expect(error == .unsupportedElementType(tensor: "t", found: type))
  }

  @Test("of a file cut at any byte is an error")
  func refusesEveryTruncation() throws {
    let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: Self.golden)))
    let directory = try TemporaryDirectory()
    for count in 0..<bytes.count {
      let path = try directory.write(Array(bytes[..<count]))
      #expect(throws: SafetensorsError.self, "cut at \(count)") { try readAll(path) }
    }
  }

  @Test("of a file with any byte of its header changed is an error or reads tensors of the file's size")
  func survivesEveryChange() throws {
    let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: Self.golden)))
    let directory = try TemporaryDirectory()
    let dataOffset = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
    var refusedCount = 0
    for index in 0..<dataOffset {
      for mask: UInt8 in [0x01, 0x10, 0x80] {
        var changed = bytes
        changed[index] ^= mask
        let path = try directory.write(changed)
        do {
          let byteCount = try readAll(path)
          #expect(byteCount == bytes.count - dataOffset)
        } catch is SafetensorsError {
          refusedCount += 1
        }
      }
    }
    #expect(refusedCount > dataOffset)
  }

  /// How many bytes of data all tensors have.
  @discardableResult
  private func readAll(_ path: String) throws -> Int {
    var reader = try SafetensorsReader(opening: path)
    var byteCount = 0
    while let (entry, values) = try reader.next() {
      #expect(values.count == entry.count)
      byteCount += entry.range.count
    }
    return byteCount
  }
}
