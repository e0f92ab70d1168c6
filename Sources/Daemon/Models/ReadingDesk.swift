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

  private static let sliceNanoseconds: UInt64 = 5_000_000
  /// Steps of the network between two looks at the clock: as many as take about a slice, but at least and at most.
  private static let stepBudgets = 4...1_024

  init(memory: ReadingMemory) { reader = ModelReader(memory: memory) }

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
    var budget = Self.stepBudgets.lowerBound
    var sliceStart = MonotonicClock.nanoseconds
    while true {
      if isCancelled.isRaised { throw .cancelled() }
      let start = MonotonicClock.nanoseconds
      do throws(LanguageModelError) {
        if let answer = try task.advance(by: budget, with: reader) { return answer }
      } catch {
        throw RPCError(error, input: input)
      }
      let end = MonotonicClock.nanoseconds
      let isShort = end - start < Self.sliceNanoseconds / 2
      budget = isShort ? min(budget * 2, Self.stepBudgets.upperBound) : max(budget / 2, Self.stepBudgets.lowerBound)
      guard end - sliceStart >= Self.sliceNanoseconds else { continue }
      report(task)
      await _Concurrency.Task.yield()
      sliceStart = MonotonicClock.nanoseconds
    }
  }

  /// Does something that can't be done in slices.
  func compute<Value: Sendable>(_ body: @Sendable () throws(RPCError) -> Value) throws(RPCError) -> Value {
    try body()
  }
}
