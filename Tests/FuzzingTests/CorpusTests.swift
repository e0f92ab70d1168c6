import Foundation
import Fuzzing
import Testing

@Suite("The corpus of the fuzzer")
struct CorpusTests {
  /// What `Tests/fuzz.sh` begins with and what it once found, by target: a file an input.
  private static func inputs(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
    let directory = try #require(Bundle.module.url(forResource: "Corpus", withExtension: nil))
      .appendingPathComponent(target.rawValue)
    return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map { name in
      (name, Array(try Data(contentsOf: directory.appendingPathComponent(name))))
    }
  }

  @Test("Every input is read as it must be", arguments: FuzzTarget.allCases)
  func corpus(target: FuzzTarget) throws {
    let inputs = try Self.inputs(of: target)
    #expect(inputs.count >= 5)
    for input in inputs { #expect(target.violation(input.bytes) == nil, "\(input.name)") }
  }

  @Test("So is every input with a byte changed, left out or put in, or its end cut off", arguments: FuzzTarget.allCases)
  func mutations(target: FuzzTarget) throws {
    for input in try Self.inputs(of: target) where !input.bytes.isEmpty {
      // About as many places in a long input as in a short one.
      for place in stride(from: 0, to: input.bytes.count, by: max(1, input.bytes.count / 40)) {
        let byte = input.bytes[place]
        var changed = input.bytes
        for other in [byte ^ 1, byte ^ 0x80, 0, 0x22, 0x5B, 0x39] {
          changed[place] = other
          #expect(target.violation(changed) == nil, "\(input.name): \(other) at \(place)")
        }
        var shorter = input.bytes
        shorter.remove(at: place)
        #expect(target.violation(shorter) == nil, "\(input.name): without byte \(place)")
        var longer = input.bytes
        longer.insert(byte, at: place)
        #expect(target.violation(longer) == nil, "\(input.name): byte \(place) twice")
        #expect(target.violation(Array(input.bytes[..<place])) == nil, "\(input.name): up to byte \(place)")
      }
    }
  }
}
