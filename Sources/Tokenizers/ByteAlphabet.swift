/// How byte-level tokenizer.json files spell bytes: each as one printable character, after GPT-2.
///
/// The printable characters of Latin-1 stand for themselves; the other 68 bytes, in order, for U+0100 and what follows.
/// Only the file format knows this alphabet: in memory tokens are the bytes themselves.
enum ByteAlphabet {
  /// The character of each byte.
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE { return Unicode.Scalar(byte) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? "\u{FFFD}"
    }
  }()

  /// The bytes in the order of their characters, which is the order in which a vocabulary numbers them.
  static let bytesInOrder: [UInt8] = (UInt8.min...UInt8.max).sorted { scalars[Int($0)] < scalars[Int($1)] }

  /// The byte of each character.
  private static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
    uniqueKeysWithValues: (UInt8.min...UInt8.max).map { (scalars[Int($0)], $0) })

  /// Bytes as a tokenizer.json file spells them.
  static func spell(_ token: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in token { text.append(scalars[Int(byte)]) }
    return String(text)
  }

  /// The bytes that a file's spelling stands for; nil when a character stands for none.
  static func read(_ text: String) -> [UInt8]? {
    var token: [UInt8] = []
    token.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard let byte = bytes[scalar] else { return nil }
      token.append(byte)
    }
    return token
  }
}
