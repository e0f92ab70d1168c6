import LanguageModel
import Networks
import RPC
import System
import Tokenizers

/// The thread for reading that would hold the loop too long: long texts, generation, scoring, large models.
///
/// Its work goes on in slices of some milliseconds, so that several long questions advance side by side.
actor ReadingDesk {
  private let executor = ThreadExecutor(name: "rnnd.reader")
  private let reader: ModelReader

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  private static let sliceMilliseconds = 5
  /// Steps of the network between two looks at the clock.
  private static let stepBudget = 64

  init(cacheByteLimit: Int) { reader = ModelReader(cacheByteLimit: cacheByteLimit) }

  /// Answers a question.
  ///
  /// - Parameters:
  ///   - begin: makes the task; the text is tokenized there.
  ///   - report: called after each slice with the task as far as it is.
  /// - Throws: cancelled within a slice of the flag's raising.
  func answer<Task: ReadingTask & SendableMetatype>(
    isCancelled: Flag, input: String, begin: @Sendable () throws(RPCError) -> Task,
    report: @Sendable (Task) -> Void
  ) async throws(RPCError) -> sending Task.Answer where Task.Answer: Sendable {
    var task = try begin()
    while true {
      let deadline = Deadline(afterMilliseconds: Self.sliceMilliseconds)
      repeat {
        if isCancelled.isRaised { throw .cancelled() }
        do throws(LanguageModelError) {
          if let answer = try task.advance(by: Self.stepBudget, with: reader) { return answer }
        } catch {
          throw RPCError(error, input: input)
        }
      } while !deadline.hasPassed
      report(task)
      await _Concurrency.Task.yield()
    }
  }

  /// Does something that can't be done in slices.
  func compute<Value: Sendable>(_ body: @Sendable () throws(RPCError) -> Value) throws(RPCError) -> Value {
    try body()
  }
}
