import LanguageModel
import RPC
import System

/// Makes a model's journal durable, on a thread of its own, so that a lesson is computed meanwhile.
///
/// Lessons that ask while a sync is under way share the next one.
actor JournalSyncer {
  private let executor = ThreadExecutor(name: "rnnd.sync")
  private let journal: Journal
  private let report: @EventLoop @Sendable (Result<UInt64, LanguageModelError>) -> Void
  private var durableSequence: UInt64 = 0
  private var hasFailed = false

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// - Parameter report: told of every sync how far the journal is durable, or why it failed.
  init(_ journal: Journal, report: @escaping @EventLoop @Sendable (Result<UInt64, LanguageModelError>) -> Void) {
    self.journal = journal
    self.report = report
  }

  /// Asks for a sync that takes in the record of that number; returns at once.
  nonisolated func request(through sequence: UInt64) {
    Task(executorPreference: executor) { await self.synchronize(through: sequence) }
  }

  private func synchronize(through sequence: UInt64) {
    // What a failed sync left behind may count as written though it is lost: no later one can make up for it.
    guard sequence > durableSequence, !hasFailed else { return }
    let outcome: Result<UInt64, LanguageModelError>
    do throws(LanguageModelError) {
      durableSequence = try journal.synchronize()
      outcome = .success(durableSequence)
    } catch {
      hasFailed = true
      outcome = .failure(error)
    }
    EventLoop.later { [report] in report(outcome) }
  }
}

/// How far a model's journal is durable, as the loop knows, and who waits for more.
@EventLoop
final class DurabilityWatch {
  private var sequence: UInt64
  /// Set once a sync has failed: then nothing more becomes durable here.
  private(set) var failure: RPCError?
  private var waiters: [(sequence: UInt64, reached: Deferred<Void>)] = []

  nonisolated init(sequence: UInt64) { self.sequence = sequence }

  func note(_ outcome: Result<UInt64, RPCError>) {
    guard failure == nil else { return }
    switch outcome {
    case .success(let reached):
      sequence = max(sequence, reached)
      let done = waiters.filter { $0.sequence <= sequence }
      waiters.removeAll { $0.sequence <= sequence }
      for waiter in done { waiter.reached.complete(.success(())) }
    case .failure(let error):
      failure = error
      let failed = waiters
      waiters = []
      for waiter in failed { waiter.reached.complete(.failure(error)) }
    }
  }

  /// Waits until the record of that number, for which a sync was asked, is durable.
  ///
  /// - Throws: storage, when a sync fails or has failed.
  func wait(for sequence: UInt64) async throws(RPCError) {
    guard sequence > self.sequence else { return }
    if let failure { throw failure }
    let reached = Deferred<Void>()
    waiters.append((sequence, reached))
    try await reached.value()
  }
}
