import LanguageModel
import RPC
import Storage
import TestSupport
import Testing

@testable import Daemon
@testable import LanguageModel

@Suite("How far a journal is durable", .timeLimit(.minutes(1)))
struct JournalSyncerTests {
  private func onLoop(_ body: @EventLoop @Sendable () async throws -> Void) async throws {
    try EventLoop.start()
    try await withTaskExecutorPreference(EventLoop.tasks) { try await body() }
  }

  @Test("ends the waiting for as much as was reached, and all waiting when a sync fails")
  func watch() async throws {
    try await onLoop {
      let watch = DurabilityWatch(sequence: 3)
      try await watch.wait(for: 3)
      let ends = Ends()
      for sequence: UInt64 in [4, 5, 6, 7] {
        EventLoop.later {
          do throws(RPCError) {
            try await watch.wait(for: sequence)
            ends.reached.append(sequence)
          } catch {
            ends.failed.append(sequence)
          }
        }
      }
      await Self.settle()
      #expect(ends.reached == [])
      watch.note(.success(5))
      await Self.settle()
      #expect(ends.reached == [4, 5] && ends.failed == [])
      // News that comes late takes nothing back.
      watch.note(.success(4))
      try await watch.wait(for: 5)
      watch.note(.failure(.storage("it fails", errno: 5, hint: "")))
      await Self.settle()
      #expect(ends.reached == [4, 5] && ends.failed == [6, 7])
      // Later syncs make up for nothing.
      watch.note(.success(9))
      try await watch.wait(for: 5)
      await #expect(throws: RPCError.self) { try await watch.wait(for: 6) }
      #expect(watch.failure != nil)
    }
  }

  @Test("is told of every sync that was needed, and of none after one that failed")
  func syncer() async throws {
    try await onLoop {
      let (directory, disk, outcomes) = (try TemporaryDirectory(), FaultyDisk(), Outcomes())
      let (store, _) = try Store.open(directory["model"], on: disk)
      let syncer = JournalSyncer(Journal(store: store)) { outcomes.all.append($0) }
      func ask(_ sequence: UInt64) async {
        syncer.request(through: sequence)
        for _ in 0..<8 { await syncer.passBy() }
        await Self.settle()
      }
      func append() throws -> UInt64 { try store.append([1, 2, 3]) }
      _ = try append()
      let second = try append()
      await ask(1)
      #expect(outcomes.all == [.success(second)])
      // What was synced along with another is durable already.
      let third = try append()
      await ask(second)
      #expect(outcomes.all.count == 1 && store.durableSequence == second)
      await ask(third)
      #expect(outcomes.all == [.success(second), .success(third)])
      disk.set(.syncs)
      let lost = try append()
      await ask(lost)
      #expect(outcomes.all.count == 3 && (try? outcomes.all.last?.get()) == nil)
      disk.set(.none)
      try store.heal()
      #expect(try append() == lost)
      await ask(lost)
      #expect(outcomes.all.count == 3 && store.durableSequence == third)
    }
  }

  /// Lets everything happen that waits on the loop.
  @EventLoop
  private static func settle() async { for _ in 0..<8 { await EventLoop.letOthersGoFirst() } }

  @EventLoop
  private final class Ends {
    var reached: [UInt64] = []
    var failed: [UInt64] = []
  }

  @EventLoop
  private final class Outcomes {
    var all: [Result<UInt64, LanguageModelError>] = []
  }
}

extension JournalSyncer {
  /// Comes back when the syncs are over that were asked for before.
  fileprivate func passBy() {}
}
