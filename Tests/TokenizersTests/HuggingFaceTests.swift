import Foundation
import JSON
import Testing

@testable import Tokenizers

/// What Hugging Face's `tokenizers` made of texts; `Golden/make_golden.py` says how.
struct Golden {
  struct Entry: CustomTestStringConvertible, Sendable {
    let isOurs: Bool
    let name: String
    let file: JSONValue
    /// One list of ids for each of `Golden.texts`.
    let ids: [[TokenID]]

    var testDescription: String { name }
  }

  static let corpus = bytes("corpus.txt")
  static let texts: [String] = (file["texts"]?.array ?? []).compactMap(\.string)
  static let entries: [Entry] = (file["tokenizers"]?.array ?? []).map { entry in
    Entry(
      isOurs: entry["origin"] == "ours", name: entry["name"]?.string ?? "", file: entry["file"] ?? .null,
      ids: (entry["ids"]?.array ?? []).map { ($0.array ?? []).compactMap { $0.int.map(TokenID.init) } })
  }
  static let ours = entries.filter(\.isOurs)
  static let theirs = entries.filter { !$0.isOurs }

  private static let file = (try? JSONValue.parse(bytes("huggingface-tokenizers.json"))) ?? .null

  private static func bytes(_ name: String) -> [UInt8] {
    let url = Bundle.module.url(forResource: "Golden/\(name)", withExtension: nil)
    return url.flatMap { try? Array(Data(contentsOf: $0)) } ?? []
  }
}

@Suite("Beside Hugging Face's tokenizers")
struct HuggingFaceTests {
  @Test("the golden file has our four kinds and others' files")
  func goldenFile() {
    #expect(Golden.ours.map(\.name).sorted() == TokenizerKind.allCases.map(\.rawValue).sorted())
    #expect(Golden.theirs.count == 10)
    #expect(Golden.entries.allSatisfy { $0.ids.count == Golden.texts.count && Golden.texts.count > 100 })
  }

  @Test("what is built from the same text is the same file, merges included", arguments: Golden.ours)
  func sameFile(golden: Golden.Entry) throws {
    let kind = try #require(TokenizerKind(rawValue: golden.name))
    let size = kind == .byteBPE ? 420 : nil
    let tokenizer = try Tokenizer.build(kind: kind, texts: [Golden.corpus], vocabularySize: size)
    #expect(tokenizer.json() == golden.file)
    #expect(tokenizer.isOpen == (kind == .word))
    for (text, ids) in zip(Golden.texts, golden.ids) { #expect(tokenizer.encode(text).ids == ids) }
  }

  @Test("a file gives every text the same ids, and is written again as it was", arguments: Golden.entries)
  func sameIDs(golden: Golden.Entry) throws {
    let tokenizer = try Tokenizer(json: golden.file)
    for (text, ids) in zip(Golden.texts, golden.ids) {
      let encoding = tokenizer.encode(text)
      #expect(encoding.ids == ids)
      #expect(encoding.ranges.count == ids.count)
      #expect(areOrdered(encoding.ranges, within: text.utf8.count))
    }
    if golden.isOurs {
      #expect(try Tokenizer(json: tokenizer.json()).kind.rawValue == golden.name)
      #expect(tokenizer.json() == golden.file)
    }
    let again = try Tokenizer(json: tokenizer.json())
    #expect(again.json() == tokenizer.json())
    for (text, ids) in zip(Golden.texts, golden.ids) { #expect(again.encode(text).ids == ids) }
  }

  private func areOrdered(_ ranges: [Range<Int>], within count: Int) -> Bool {
    zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }
      && ranges.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= count }
  }
}
