import Foundation
import Testing

@testable import Safetensors

@Suite("Writing safetensors")
struct SafetensorsWriterTests {
  private static let tensors: [(plan: SafetensorsWriter.Plan, values: [Float])] = [
    (
      .init(name: "rnn.weight_ih_l0", shape: [2, 3]), [1, 2, 3, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
    ),
    (.init(name: "empty", shape: [0]), []),
    (.init(name: "é \"quoted\"", shape: [1]), [0.1]),
  ]

  private func write(to path: String) throws {
    try SafetensorsWriter(Self.tensors.map(\.plan), metadata: ["step": "12"]).write(to: path) {
      (plan, sink) throws(SafetensorsError) in
      // In pieces of one value, as any cut must come to the same.
      for (_, values) in Self.tensors.filter({ $0.plan == plan }) {
        for value in values { try sink([value].span) }
      }
    }
  }

  @Test("gives a file that reads back to the bit")
  func roundTrip() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/a.safetensors"
    try write(to: path)
    var reader = try SafetensorsReader(opening: path)
    #expect(reader.header.metadata("step") == "12")
    for (plan, values) in Self.tensors {
      let (entry, found) = try #require(try reader.next())
      #expect(entry.name == plan.name && entry.shape == plan.shape && entry.elementType == .float32)
      #expect(found.map(\.bitPattern) == values.map(\.bitPattern))
    }
    #expect(try reader.next() == nil)
  }

  @Test("pads the header with blanks to eight bytes")
  func padsHeader() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/a.safetensors"
    try write(to: path)
    let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
    let headerByteCount = Int(bytes[0]) + Int(bytes[1]) << 8
    #expect(headerByteCount % 8 == 0)
    let header = bytes[8..<8 + headerByteCount]
    #expect(header.first == UInt8(ascii: "{"))
    #expect(header.reversed().drop { $0 == UInt8(ascii: " ") }.first == UInt8(ascii: "}"))
  }

  @Test("replaces nothing when the values are not as many as announced")
  func refusesWrongCount() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/a.safetensors"
    try write(to: path)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(throws: SafetensorsError.countMismatch(tensor: "t", foundCount: 1, expectedCount: 2)) {
      try SafetensorsWriter([.init(name: "t", shape: [2])]).write(to: path) { (_, sink) throws(SafetensorsError) in
        try sink([1].span)
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a.safetensors"])
  }
}
