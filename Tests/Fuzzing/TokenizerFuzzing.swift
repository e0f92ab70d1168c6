import JSON
import Tokenizers

/// A file is refused, or gives a tokenizer that takes any text, whose tokens can be put together again, and that reads
/// its own file.
enum TokenizerFuzzing {
  static func violation(_ bytes: [UInt8]) -> String? {
    guard let json = try? JSONValue.parse(bytes), let tokenizer = try? Tokenizer(json: json) else { return nil }
    // The file is a text as good as any other.
    for text in [Array("The man's bites, 12\n the dog \u{E9}\u{301} x".utf8), Array(bytes.prefix(300))] {
      let ids = tokenizer.ids(text.span)
      guard ids.allSatisfy({ (0..<tokenizer.vocabularySize).contains(Int($0)) }) else {
        return "a token beyond the vocabulary"
      }
      _ = tokenizer.decode(ids)
      var open = tokenizer
      _ = open.learn(text.span)
      guard open.vocabularySize >= tokenizer.vocabularySize else { return "learning lost a word" }
    }
    guard let again = try? Tokenizer(json: tokenizer.json()) else { return "it does not read its own file" }
    let text = Array("the dog bites the man".utf8)
    return again.ids(text.span) == tokenizer.ids(text.span) ? nil : "its own file gives other tokens"
  }
}
