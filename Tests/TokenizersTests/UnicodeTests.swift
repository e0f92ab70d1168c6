import Testing

@testable import Tokenizers

@Suite("Scalars and their classes")
struct UnicodeTests {
  @Test("ASCII arithmetic agrees with Unicode's properties")
  func asciiAgrees() {
    for byte in UInt8(0)...0x7F {
      let kind = ScalarClass(of: Unicode.Scalar(byte))
      #expect(ASCII.isWord(byte) == kind.contains(.word))
      #expect(ASCII.isLetter(byte) == kind.contains(.letter))
      #expect(ASCII.isDigit(byte) == kind.contains(.number))
      #expect(ASCII.isWhiteSpace(byte) == kind.contains(.whiteSpace))
    }
  }

  @Test("well-formed UTF-8 is what the standard library takes for it, and scalars have its values")
  func decoding() {
    for seed in UInt64(1)...500 {
      var generator = SeededGenerator(seed: seed)
      let bytes = generator.bytes(count: 9)
      let text = String(validating: bytes, as: UTF8.self)
      #expect(UTF8Scalar.areWellFormed(bytes.span, bytes.indices) == (text != nil), "seed \(seed)")
      guard let text else { continue }
      var values: [UInt32?] = []
      var position = 0
      while position < bytes.count {
        let scalar = UTF8Scalar(bytes.span, at: position, end: bytes.count)
        values.append(scalar.value)
        position += scalar.length
      }
      #expect(values == text.unicodeScalars.map(\.value), "seed \(seed)")
    }
  }

  @Test(
    "every scalar at the edges of its length is read, and what lies beyond them is not",
    arguments: [
      ([0x7F], 0x7F), ([0xC2, 0x80], 0x80), ([0xDF, 0xBF], 0x7FF), ([0xE0, 0xA0, 0x80], 0x800),
      ([0xED, 0x9F, 0xBF], 0xD7FF), ([0xEE, 0x80, 0x80], 0xE000), ([0xEF, 0xBF, 0xBF], 0xFFFF),
      ([0xF0, 0x90, 0x80, 0x80], 0x10000), ([0xF4, 0x8F, 0xBF, 0xBF], 0x10FFFF), ([0x80], nil), ([0xC1, 0xBF], nil),
      ([0xE0, 0x9F, 0xBF], nil), ([0xED, 0xA0, 0x80], nil), ([0xF0, 0x8F, 0xBF, 0xBF], nil),
      ([0xF4, 0x90, 0x80, 0x80], nil), ([0xF5, 0x80, 0x80, 0x80], nil), ([0xE2, 0x82], nil), ([0xFF], nil),
    ] as [([UInt8], UInt32?)])
  func edges(bytes: [UInt8], value: UInt32?) {
    let scalar = UTF8Scalar(bytes.span, at: 0, end: bytes.count)
    #expect(scalar.value == value)
    #expect(scalar.length == (value == nil ? 1 : bytes.count))
  }

  @Test("the byte alphabet spells every byte by one printable character and reads it back")
  func byteAlphabet() {
    let all = Array(UInt8.min...UInt8.max)
    #expect(ByteAlphabet.read(ByteAlphabet.spell(all)) == all)
    #expect(ByteAlphabet.spell([0x20, 0x0A, 0x41, 0xAD, 0xFF]) == "\u{120}\u{10A}A\u{143}\u{FF}")
    #expect(ByteAlphabet.read("\u{144}") == nil && ByteAlphabet.read(" ") == nil)
    #expect(ByteAlphabet.bytesInOrder.first == 0x21 && ByteAlphabet.bytesInOrder.last == 0xAD)
  }
}

@Suite("The tables below")
struct TableTests {
  @Test("a heap gives its elements back in order, whether filled at once or one by one")
  func heap() {
    for seed in UInt64(1)...50 {
      var generator = SeededGenerator(seed: seed)
      let numbers = (0..<Int(seed)).map { _ in Int.random(in: 0..<20, using: &generator) }
      var filled = Heap(numbers)
      var pushed = Heap<Int>()
      for number in numbers { pushed.push(number) }
      #expect((0..<numbers.count).map { _ in filled.pop() } == numbers.sorted(), "seed \(seed)")
      #expect((0..<numbers.count).map { _ in pushed.pop() } == numbers.sorted(), "seed \(seed)")
      #expect(filled.pop() == nil && pushed.pop() == nil)
    }
  }

  @Test("a map of pairs keeps what was set last, while it grows")
  func pairMap() {
    var map = PairMap(capacity: 1)
    for index in 0..<5000 { map.set(TokenID(index % 70), TokenID(index / 70), to: UInt64(index)) }
    for index in 0..<5000 where index.isMultiple(of: 3) { map.set(TokenID(index % 70), TokenID(index / 70), to: 7) }
    for index in 0..<5000 {
      #expect(map.value(TokenID(index % 70), TokenID(index / 70)) == (index.isMultiple(of: 3) ? 7 : UInt64(index)))
    }
    #expect(map.value(70, 0) == nil && map.count == 5000)
  }

  @Test("a vocabulary finds all lengths of strings by their bytes, also where these lie at a text's end")
  func vocabulary() {
    var vocabulary = Vocabulary()
    var words: [[UInt8]] = [[]]
    for length in 1...40 {
      let word = (0..<length).map { UInt8($0) }
      words.append(word)
      words.append(Array(word.dropLast()) + [200])
    }
    words.append([0, 0])
    for word in words { vocabulary.insert(word) }
    #expect(vocabulary.count == words.count)
    for (id, word) in words.enumerated() {
      #expect(vocabulary.id(of: word) == TokenID(id))
      #expect(vocabulary.id(of: (word + word + [9]).span, word.count..<word.count * 2) == TokenID(id))
      #expect(vocabulary.bytes(of: TokenID(id)).map(Array.init) == word)
      #expect(vocabulary.insert(word) == TokenID(id))
    }
    #expect(vocabulary.id(of: [0, 0, 0]) == nil)
  }
}
