import TestSupport
import Testing

@testable import JSON

@Suite("Random JSON")
struct JSONFuzzTests {
  @Test("A random value is equal to itself printed and parsed, compactly and for people", arguments: UInt64(1)...20)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<25 {
      let value = Self.value(depth: 4, using: &generator)
      #expect(try JSONValue.parse(value.description) == value, "seed \(seed)")
      #expect(try JSONValue.parse(value.pretty()) == value, "seed \(seed)")
      #expect(try JSONValue.parse(value.description).description == value.description, "seed \(seed)")
    }
  }

  @Test(
    "A mutated text is either accepted, and then survives printing, or rejected within its bounds",
    arguments: UInt64(1)...20)
  func mutations(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<25 {
      let original = Self.value(depth: 3, using: &generator).compactBytes
      for _ in 0..<8 {
        let mutated = Self.mutate(original, using: &generator)
        do {
          let value = try JSONValue.parse(mutated)
          #expect(try JSONValue.parse(value.compactBytes) == value, "seed \(seed), bytes \(mutated)")
        } catch {
          #expect((0...mutated.count).contains(error.offset), "seed \(seed), bytes \(mutated)")
          #expect(Self.isPlainASCII("\(error)"), "seed \(seed), bytes \(mutated)")
        }
      }
    }
  }

  /// A value that nests at most `depth` deep.
  private static func value(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: depth > 0 ? 0..<9 : 0..<6, using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return JSONValue(Int(truncatingIfNeeded: generator.next()) >> Int.random(in: 0..<64, using: &generator))
    case 3: return JSONValue(finite: Double(bitPattern: generator.next()))
    case 4, 5: return .string(text(using: &generator))
    case 6, 7:
      let count = Int.random(in: 0..<6, using: &generator)
      return .array((0..<count).map { _ in value(depth: depth - 1, using: &generator) })
    default:
      let count = Int.random(in: 0..<20, using: &generator)
      return .object(
        JSONObject((0..<count).map { _ in (text(using: &generator), value(depth: depth - 1, using: &generator)) }))
    }
  }

  /// Up to twenty characters of all UTF-8 lengths, with many that need an escape.
  private static func text(using generator: inout SeededGenerator) -> String {
    let bounds: [UInt32] = [0x20, 0x80, 0x80, 0x80, 0x800, 0x10000, 0x110000]
    let count = Int.random(in: 0..<20, using: &generator)
    let scalars = (0..<count).map { _ in
      let bound = bounds[Int.random(in: 0..<bounds.count, using: &generator)]
      return Unicode.Scalar(UInt32.random(in: 0..<bound, using: &generator)) ?? "\\"
    }
    return String(String.UnicodeScalarView(scalars))
  }

  /// The bytes with one to three of them changed, removed, repeated or put in.
  private static func mutate(_ original: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    let interesting =
      Array("{}[],:\"\\ue0123456789+-.tfn \n".utf8) + [0x00, 0x1F, 0x7F, 0x80, 0xC0, 0xE2, 0xED, 0xF4, 0xFF]
    var bytes = original
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let offset = Int.random(in: 0...bytes.count, using: &generator)
      let byte = interesting[Int.random(in: 0..<interesting.count, using: &generator)]
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes.insert(byte, at: offset)
      case 1 where offset < bytes.count: bytes[offset] = byte
      case 2 where offset < bytes.count: bytes.remove(at: offset)
      case 3: bytes.insert(contentsOf: bytes[offset...].prefix(8), at: offset)
      default: bytes.removeSubrange(offset...)
      }
    }
    return bytes
  }

  private static func isPlainASCII(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } }
}
