import JSON
import Tokenizers

/// A text and its tokens, so that of one that begins alike only the end is split again.
///
/// It belongs to whoever has taken it, and becomes that one's text where it is: a copy of a long one would cost more than
/// to answer the question.
final class KnownText {
  /// The generation of the model whose vocabulary it was; learning gives words numbers.
  let generation: UInt64
  private(set) var bytes: [UInt8] = []
  /// Its tokens, behind the `<eos>` from which every sequence is predicted.
  private(set) var tokens: [TokenID]
  /// Where each token but the first ends.
  private var ends: [Int] = []
  /// Where they lead among the hidden states that are remembered.
  var place: PrefixPlace?

  /// No text.
  init(in snapshot: ModelSnapshot) {
    generation = snapshot.generation
    tokens = [snapshot.tokenizer.endOfSequence]
  }

  var byteCount: Int {
    bytes.count + tokens.count * MemoryLayout<TokenID>.stride + ends.count * MemoryLayout<Int>.stride
  }

  /// Becomes another text.
  ///
  /// - Parameter resumption: up to where they are alike, and from where on its tokens may be others, as the tokenizer says.
  func become(_ text: Span<UInt8>, from resumption: Int, by tokenizer: Tokenizer) {
    let kept = countOfTokens(endingBy: resumption)
    place = place?.shortened(to: kept + 1)
    tokens.removeSubrange((kept + 1)...)
    ends.removeSubrange(kept...)
    let rest = tokenizer.encode(text.extracting(resumption...))
    tokens.append(contentsOf: rest.ids)
    ends.append(contentsOf: rest.ranges.lazy.map { $0.upperBound + resumption })
    bytes.removeSubrange(resumption...)
    bytes.append(copying: text.extracting(resumption...))
  }

  /// How many tokens but the first end at or before a position.
  private func countOfTokens(endingBy position: Int) -> Int {
    var low = 0
    var high = ends.count
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] <= position { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
