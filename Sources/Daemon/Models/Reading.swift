import LanguageModel
import RPC
import System

/// Where questions to models are answered: short ones on the loop, without a hop, others at the reading desk.
@EventLoop
final class Reading {
  private let reader: ModelReader
  private let desk: ReadingDesk
  /// Questions that came in one round of the loop.
  private var crowd: [(task: NextWordTask, continuation: CheckedContinuation<CrowdedTask, Never>)] = []

  /// Texts of which up to this many bytes are new are read on the loop.
  private static let newByteLimit = 16 << 10
  /// How long such a text is at most.
  private static let knownByteLimit = 1 << 20
  /// A step of a network of up to this many weights takes a fraction of a millisecond.
  private static let weightLimit = 8 << 20
  /// Steps of the network between two looks at the clock.
  private static let stepBudget = 4

  /// - Parameter memoryByteLimit: how many bytes of hidden states to remember, and of long texts.
  init(memoryByteLimit: Int) {
    let memory = ReadingMemory(byteLimit: memoryByteLimit)
    reader = ModelReader(memory: memory)
    desk = ReadingDesk(memory: memory)
  }

  /// Answers which words may come next, mostly a matter of microseconds: on the loop if the model is of moderate size and
  /// so is what of the text is new, giving way to others when it takes longer than thought.
  func nextWords(
    _ input: ModelInput, in snapshot: ModelSnapshot, unless cancellation: Cancellation,
    begin: @escaping @Sendable () throws(LanguageModelError) -> NextWordTask
  ) async throws(RPCError) -> NextWordAnswer {
    let isLong = input.byteCount > Self.newByteLimit
    guard snapshot.weightsRead <= Self.weightLimit, !isLong || Self.mayResume(input) else {
      return try await answer(input, unless: cancellation, begin: begin)
    }
    let longTask: NextWordTask
    do throws(LanguageModelError) {
      var task = try begin()
      if !isLong || task.resume(newLimit: Self.newByteLimit, with: reader) {
        if EventLoop.isCrowded { return try await answerTogether(task, unless: cancellation) }
        if let answer = try task.advance(by: Self.stepBudget, with: reader) { return answer }
        return try await finish(&task, unless: cancellation)
      }
      longTask = task
    } catch {
      try cancellation.check()
      throw RPCError(error, input: input.parameter)
    }
    return try await answer(input, unless: cancellation, begin: { longTask })
  }

  /// Whether it takes next to no time to find out how much of a long text is known: it is compared with what is remembered
  /// at the speed of memory, and its last word is looked for behind its last white space.
  private static func mayResume(_ input: ModelInput) -> Bool {
    guard case .text(let text) = input, text.utf8.count <= knownByteLimit else { return false }
    return text.utf8.suffix(newByteLimit).contains(UInt8(ascii: " "))
  }

  /// Answers a question together with others that came in the same round of the loop: they wait for nothing but what
  /// is there already, and share each pass over the weights.
  private func answerTogether(
    _ task: NextWordTask, unless cancellation: Cancellation
  ) async throws(LanguageModelError) -> NextWordAnswer {
    var crowded = await withCheckedContinuation { continuation in
      // Behind the jobs of the round's other news.
      if crowd.isEmpty { EventLoop.later { [self] in serveCrowd() } }
      crowd.append((task, continuation))
    }
    if let answer = try crowded.outcome.get() { return answer }
    return try await finish(&crowded.task, unless: cancellation)
  }

  private func serveCrowd() {
    var rest = crowd[...]
    crowd = []
    while let first = rest.first {
      // Neighbours that ask about the same snapshot; others have their own turn.
      let group = rest.prefix { $0.task.generation == first.task.generation }.prefix(NextWordTask.batchLimit)
      rest = rest.dropFirst(group.count)
      var tasks = group.map(\.task)
      NextWordTask.workAhead(&tasks, with: reader)
      for (var task, waiting) in zip(tasks, group) {
        let outcome = Result { () throws(LanguageModelError) in
          try task.advance(by: Self.stepBudget, with: reader)
        }
        waiting.continuation.resume(returning: CrowdedTask(task: task, outcome: outcome))
      }
    }
  }

  /// Goes on in stretches between which others have their turn.
  private func finish(
    _ task: inout NextWordTask, unless cancellation: Cancellation
  ) async throws(LanguageModelError) -> NextWordAnswer {
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
    EventLoop.later {
      do throws(RPCError) { outcome.complete(.success(try await work(desk, flag))) } catch {
        outcome.complete(.failure(error))
      }
    }
    return try await outcome.value(unless: cancellation)
  }
}

/// A question after others were worked on with it: its answer, if that is there already.
private struct CrowdedTask: Sendable {
  var task: NextWordTask
  let outcome: Result<NextWordAnswer?, LanguageModelError>
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
