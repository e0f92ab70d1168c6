import Kernels
import Synchronization
import Testing

@testable import Networks

@Suite("Reading while training")
struct ConcurrentReadingTests {
  /// What a trainer publishes and readers take.
  private struct Publication: Sendable {
    var snapshot: WeightsSnapshot?
    /// What the trainer itself read with it.
    var scores: [Float] = []
    var isOver = false
  }

  /// Where it is published.
  private final class Board: Sendable {
    let publication = Mutex(Publication())
  }

  @Test("readers on other threads find every snapshot as it was published")
  func readersSeeWhatWasPublished() async throws {
    let board = Board()
    let text: [TokenID] = [1, 5, 2, 0, 3, 3, 6]
    let shape = try TestNetwork.shape(.lstm, vocabularySize: 40, hiddenSize: 16)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<2 {
        group.addTask {
          let evaluator = Evaluator()
          var checked = 0
          while true {
            let seen = board.publication.withLock { $0 }
            if let snapshot = seen.snapshot {
              for _ in 0..<3 {
                var state = HiddenState(zeroFor: snapshot.shape)
                #expect(evaluator.score(text[...], from: &state, with: snapshot) == seen.scores)
              }
              checked += 1
            }
            if seen.isOver { return checked }
            await Task.yield()
          }
        }
      }
      group.addTask {
        let trainer = try TestNetwork.trainer(shape, optimizer: .sgd())
        let evaluator = Evaluator()
        var batch = BatchState(zeroFor: shape, batchSize: 3)
        for (index, window) in TestNetwork.windows(count: 150, vocabularySize: 40).enumerated() {
          if index % 50 == 20 { try trainer.grow(toVocabulary: trainer.shape.vocabularySize + 1) }
          _ = try trainer.update(window, from: &batch, settings: UpdateSettings(learningRate: 0.1))
          let snapshot = trainer.snapshot()
          var state = HiddenState(zeroFor: snapshot.shape)
          let scores = evaluator.score(text[...], from: &state, with: snapshot)
          board.publication.withLock { $0 = Publication(snapshot: snapshot, scores: scores) }
          await Task.yield()
        }
        board.publication.withLock { $0.isOver = true }
        return 1
      }
      for try await checked in group { #expect(checked > 0) }
    }
  }
}
