/// What reads bytes that anybody may have written, each with what must hold whatever the bytes are.
///
/// `Tests/fuzz.sh` searches for inputs that break this, guided by coverage; what it found is kept in the corpus, which
/// the ordinary tests run through.
package enum FuzzTarget: String, CaseIterable, Sendable {
  case json, lines, requests, safetensors, tokenizer, journal

  /// Reads the bytes; what is wrong with how they were read, nil when nothing is.
  package func violation(_ bytes: [UInt8]) -> String? {
    switch self {
    case .json: JSONFuzzing.violation(bytes)
    case .lines: LinesFuzzing.violation(bytes)
    case .requests: RequestsFuzzing.violation(bytes)
    case .safetensors: SafetensorsFuzzing.violation(bytes)
    case .tokenizer: TokenizerFuzzing.violation(bytes)
    case .journal: JournalFuzzing.violation(bytes)
    }
  }
}
