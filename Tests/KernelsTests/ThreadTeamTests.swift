import Synchronization
import Testing

@testable import Kernels

@Suite("The thread team")
struct ThreadTeamTests {
  /// Counts how often each item is done.
  struct Counting: TeamWork {
    let counts: [Counter]
    func run(_ items: Range<Int>, scratch: Scratch) {
      for item in items { counts[item].value.add(1, ordering: .relaxed) }
    }
  }

  final class Counter: Sendable {
    let value = Atomic<Int>(0)
  }

  @Test("every item is done exactly once", arguments: [1, 2, 3, 8])
  func onceEach(threadCount: Int) {
    let team = ThreadTeam(threadCount: threadCount)
    for (count, grain) in [(0, 1), (1, 1), (2, 1), (100, 1), (100, 7), (5, 100)] {
      let counts = (0..<count).map { _ in Counter() }
      team.run(Counting(counts: counts), count: count, grain: grain)
      #expect(counts.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }
  }

  @Test("shares are as many as threads, cover everything once and may use kernels", arguments: [1, 2, 3])
  func shares(threadCount: Int) {
    let team = ThreadTeam(threadCount: threadCount)
    let (a, b, c) = (randomMatrix(20, 30, seed: 1), randomMatrix(30, 40, seed: 2), Matrix(rows: 20, columns: 40))
    let shareCount = Counter()
    team.forEachShare(of: 20) { rows, alone in
      #expect(alone.threadCount == 1)
      multiply(a.rows(rows), b, into: c.rows(rows), team: alone)
      shareCount.value.add(1, ordering: .relaxed)
    }
    let whole = Matrix(rows: 20, columns: 40)
    multiply(a, b, into: whole, team: team)
    #expect(numbers(c) == numbers(whole))
    #expect(shareCount.value.load(ordering: .relaxed) == threadCount)
    team.forEachShare(of: 0) { rows, _ in #expect(rows.isEmpty) }
  }

  @Test("one job after another, and teams that come and go")
  func manyJobs() {
    for _ in 0..<20 {
      let team = ThreadTeam(threadCount: 3, niceness: 1)
      let counts = (0..<10).map { _ in Counter() }
      for _ in 0..<100 { team.run(Counting(counts: counts), count: 10, grain: 1) }
      #expect(counts.allSatisfy { $0.value.load(ordering: .relaxed) == 100 })
    }
  }

  /// An item that ends only when another item has begun: it needs a second thread.
  struct Meeting: TeamWork {
    let arrived: Counter
    func run(_ items: Range<Int>, scratch: Scratch) {
      for _ in items {
        arrived.value.add(1, ordering: .sequentiallyConsistent)
        while arrived.value.load(ordering: .sequentiallyConsistent) < 2 {}
      }
    }
  }

  @Test("two threads work at the same time, also after they slept")
  func concurrent() {
    let team = ThreadTeam(threadCount: 2)
    for round in 0..<3 {
      // Long enough for the helper to lose its patience and sleep before the last round.
      if round == 2 { for _ in 0..<200 { spin() } }
      let arrived = Counter()
      team.run(Meeting(arrived: arrived), count: 2, grain: 1)
      #expect(arrived.value.load(ordering: .relaxed) == 2)
    }
  }

  private func spin() {
    let counter = Counter()
    for _ in 0..<10_000 { counter.value.add(1, ordering: .sequentiallyConsistent) }
  }
}
