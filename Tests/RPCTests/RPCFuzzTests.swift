import JSON
import TestSupport
import Testing

@testable import RPC

@Suite("Random lines")
struct RPCFuzzTests {
  private static let seeds = [
    #"{"jsonrpc":"2.0","id":1,"method":"next-word","params":{"text":"the man bites the","limit":5}}"#,
    #"{"jsonrpc":"2.0","method":"train-step","params":{"texts":["a","b"],"learningRate":1e-3}}"#,
    #"[{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","id":null,"method":"ping"},1]"#,
    #"{"jsonrpc":"2.0","id":"\u00e9\n","method":"$/cancelRequest","params":[1]}"#,
  ]

  @Test("Every mutated line is either carried out or answered with one line of valid JSON", arguments: UInt64(1)...20)
  func mutations(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      let line = Self.mutate(Array(Self.seeds[Int.random(in: 0..<4, using: &generator)].utf8), using: &generator)
      let elements: [Incoming.Element] =
        switch Incoming.decode(line, depthLimit: 8, batchLimit: 2) {
        case .single(let element): [element]
        case .batch(let elements): elements
        }
      #expect((1...2).contains(elements.count), "seed \(seed), line \(line)")
      for element in elements { try check(element, "seed \(seed), line \(line)") }
    }
  }

  @Test("A stream of random lines gives the same items in one piece and in any parts", arguments: UInt64(1)...20)
  func framing(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let alphabet: [UInt8] = [0x0A, 0x0A, 0x0D, 0x20, 0x61, 0x61, 0x61, 0x61]
    for _ in 0..<20 {
      let stream = (0..<100).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
      var whole = LineFramer(lineByteLimit: 5)
      whole.append(stream)
      whole.finish()
      var parts = LineFramer(lineByteLimit: 5)
      var items: [LineFramer.Item] = []
      for byte in stream {
        parts.append([byte])
        if Bool.random(using: &generator) { while let item = parts.next() { items.append(item) } }
      }
      parts.finish()
      while let item = parts.next() { items.append(item) }
      for item in items { #expect(whole.next() == item, "seed \(seed), stream \(stream)") }
      #expect(whole.next() == nil, "seed \(seed), stream \(stream)")
    }
  }

  /// A request survives being sent again; an error can be sent, and read by a client.
  private func check(_ element: Incoming.Element, _ comment: Comment) throws {
    var bytes: [UInt8] = []
    switch element {
    case .request(let request):
      request.writeLine(to: &bytes)
      #expect(Incoming.decode(bytes, depthLimit: 8) == .single(.request(request)), comment)
    case .invalid(let error, let id):
      let reply = Reply(id: id ?? .null, error: error)
      reply.writeLine(to: &bytes)
      #expect(try ServerMessage.decode(bytes) == .reply(reply), comment)
      #expect(!bytes.dropLast().contains(0x0A), comment)
    }
  }

  private static func mutate(_ line: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    let interesting = Array("{}[],:\"\\u0123456789-.e ntf".utf8) + [0x00, 0x7F, 0xC3, 0xFF]
    var line = line
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      let offset = Int.random(in: 0..<max(line.count, 1), using: &generator)
      let byte = interesting[Int.random(in: 0..<interesting.count, using: &generator)]
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: line.insert(byte, at: min(offset, line.count))
      case 1 where offset < line.count: line[offset] = byte
      case 2 where offset < line.count: line.remove(at: offset)
      default: line.append(byte)
      }
    }
    return line
  }
}
