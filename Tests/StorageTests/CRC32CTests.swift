import TestSupport
import Testing

@testable import Storage

@Suite("CRC32C")
struct CRC32CTests {
  /// RFC 3720, appendix B.4, and the check value of the polynomial's catalogues.
  private static let known: [(bytes: [UInt8], checksum: UInt32)] = [
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ([UInt8](0..<32), 0x46DD_794E),
    ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
    ([UInt8]("123456789".utf8), 0xE306_9283),
    ([], 0),
  ]

  @Test("The vectors of RFC 3720 come out", arguments: known)
  func vectors(bytes: [UInt8], expected: UInt32) {
    #expect(CRC32C.of(bytes.span) == expected)
  }

  @Test("The processor's instruction and the table agree at every length and wherever the bytes begin")
  func agrees() {
    var generator = SeededGenerator(seed: 1)
    let bytes = (0..<100).map { _ in UInt8.random(in: 0...255, using: &generator) }
    for start in 0..<9 {
      for end in start...bytes.count {
        let piece = bytes.span.extracting(start..<end)
        var byTable = CRC32C()
        byTable.updateByTable(piece)
        #expect(CRC32C.of(piece) == byTable.value)
      }
    }
  }

  @Test("Pieces give the checksum of the whole")
  func pieces() {
    let bytes = Array("what is taught is kept".utf8)
    for middle in 0...bytes.count {
      var checksum = CRC32C()
      checksum.update(bytes.span.extracting(..<middle))
      checksum.update(bytes.span.extracting(middle...))
      #expect(checksum.value == CRC32C.of(bytes.span))
    }
  }
}
