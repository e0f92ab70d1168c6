import LanguageModel
import RPC
import System

/// Where questions to models are answered: short ones on the loop, without a hop, others at the reading desk.
@EventLoop
final class Reading {
  private let reader: ModelReader
  private let desk: ReadingDesk

  /// Texts of up to this many bytes are read on the loop.
  private static let textByteLimit = 16 << 10
  /// A step of a network of up to this many weights takes a fraction of a millisecond.
  private static let weightLimit = 8 << 20
  /// Steps of the network between two looks at the clock.
  private static let stepBudget = 4

  init(cacheByteLimit: Int) {
    reader = ModelReader(cacheByteLimit: cacheByteLimit)
    desk = ReadingDesk(cacheByteLimit: cacheByteLimit)
  }

  /// Answers a question that is mostly a matter of microseconds: on the loop if the text and the model are of moderate
  /// size, giving way to others when it takes longer than thought.
  ///
  /// The same text always goes to the same side, whose reader remembers it.
  func answerSoon<Task: ReadingTask & SendableMetatype>(
    _ input: ModelInput, in snapshot: ModelSnapshot, unless cancellation: Cancellation,
    begin: @escaping @Sendable () throws(LanguageModelError) -> Task
  ) async throws(RPCError) -> Task.Answer where Task.Answer: Sendable {
    guard input.byteCount <= Self.textByteLimit, snapshot.weightsRead <= Self.weightLimit else {
      return try await answer(input, unless: cancellation, begin: begin)
    }
    do throws(LanguageModelError) {
      var task = try begin()
      if let answer = try task.advance(by: Self.stepBudget, with: reader) { return answer }
      return try await finish(&task, unless: cancellation)
    } catch {
      try cancellation.check()
      throw RPCError(error, input: input.parameter)
    }
  }

  /// Goes on in stretches between which others have their turn.
  private func finish<Task: ReadingTask & SendableMetatype>(
    _ task: inout Task, unless cancellation: Cancellation
  ) async throws(LanguageModelError) -> Task.Answer where Task.Answer: Sendable {
    var stretch = Stretch()
    while true {
      if let answer = try task.advance(by: Self.stepBudget, with: reader) { return answer }
      guard stretch.isLong else { continue }
      await EventLoop.nextTurn()
      stretch = Stretch()
      if cancellation.cause != nil { throw .cancelled }
    }
  }

  /// Answers a question that may take long, at the reading desk.
  func answer<Task: ReadingTask & SendableMetatype>(
    _ input: ModelInput, unless cancellation: Cancellation,
    begin: @escaping @Sendable () throws(LanguageModelError) -> Task,
    report: @escaping @Sendable (Task) -> Void = { _ in }
  ) async throws(RPCError) -> Task.Answer where Task.Answer: Sendable {
    let parameter = input.parameter
    return try await answer(
      parameter: parameter, unless: cancellation,
      begin: { () throws(RPCError) in
        do throws(LanguageModelError) { return try begin() } catch { throw RPCError(error, input: parameter) }
      }, report: report)
  }

  /// Answers a question that may take long, at the reading desk.
  ///
  /// - Parameter parameter: what the params call the text.
  func answer<Task: ReadingTask & SendableMetatype>(
    parameter: String, unless cancellation: Cancellation, begin: @escaping @Sendable () throws(RPCError) -> Task,
    report: @escaping @Sendable (Task) -> Void
  ) async throws(RPCError) -> Task.Answer where Task.Answer: Sendable {
    try await atDesk(unless: cancellation) { (desk, flag) async throws(RPCError) in
      try await desk.answer(isCancelled: flag, input: parameter, begin: begin, report: report)
    }
  }

  /// Computes something at the reading desk that can't be done in slices.
  func compute<Value: Sendable>(
    unless cancellation: Cancellation, _ body: @escaping @Sendable () throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    try await atDesk(unless: cancellation) { (desk, _) async throws(RPCError) in try await desk.compute(body) }
  }

  /// Waits for work at the desk, or for its cancellation: who cancels is answered at once, also while the desk is busy
  /// with something else.
  private func atDesk<Value: Sendable>(
    unless cancellation: Cancellation,
    _ work: @escaping @Sendable (ReadingDesk, Flag) async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    try cancellation.check()
    let outcome = Deferred<Value>()
    let desk = desk
    let flag = cancellation.flag
    Task.immediate { @EventLoop in
      do throws(RPCError) { outcome.complete(.success(try await work(desk, flag))) } catch {
        outcome.complete(.failure(error))
      }
    }
    return try await outcome.value(unless: cancellation)
  }
}

extension ModelInput {
  /// What the params call it.
  var parameter: String {
    switch self {
    case .text: "text"
    case .ids: "ids"
    }
  }

  var byteCount: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .ids(let ids): ids.count * 4
    }
  }
}
