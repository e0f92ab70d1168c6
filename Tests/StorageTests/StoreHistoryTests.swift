import Foundation
import System
import TestSupport
import Testing

@testable import Storage

/// Histories of a store on a simulated disk, checked against a plain model after every crash.
///
/// `RNND_LONG_TESTS=1` runs 100,000 of them, `RNND_SEED=…` a single one.
@Suite("Store histories")
struct StoreHistoryTests {
  private static let errnos: [Int32] = [EIO, ENOSPC, EDQUOT, EROFS]
  private static let isLong = ProcessInfo.processInfo.environment["RNND_LONG_TESTS"] == "1"

  @Test("Whatever fails and whenever it crashes, what was acknowledged is there, in order and equal")
  func random() async throws {
    let seed = ProcessInfo.processInfo.environment["RNND_SEED"].flatMap(UInt64.init)
    if let seed { return try Self.run(seed: seed) }
    let count: UInt64 = Self.isLong ? 100_000 : 400
    // Two threads share the seeds.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for part in 0..<2 as Range<UInt64> {
        group.addTask {
          for seed in stride(from: part, to: count, by: 2) {
            do { try Self.run(seed: seed) } catch {
              Issue.record("RNND_SEED=\(seed): \(error)")
              return
            }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// One history.
  private static func run(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let driver = try StoreDriver(seed: seed, segmentByteLimit: [200, 2000, 1 << 20].randomElement(using: &generator)!)
    try driver.open()
    for _ in 0..<Int.random(in: 5...80, using: &generator) { try step(driver, &generator) }
    driver.disk.fault = nil
    try driver.foresee(seed: seed)
    try driver.crash(ofMachine: true)
    try driver.verify()
  }

  private static func step(_ driver: StoreDriver, _ generator: inout SeededGenerator) throws {
    // Who is dead starts again.
    if driver.disk.isDead { try driver.crash(ofMachine: Bool.random(using: &generator)) }
    if driver.store == nil { try driver.open() }
    switch Int.random(in: 0..<100, using: &generator) {
    case ..<35: try driver.append(byteCount: byteCount(&generator))
    case ..<42: try driver.buffer(byteCount: byteCount(&generator))
    case ..<64: try driver.synchronize()
    case ..<70: try driver.beginCheckpoint()
    case ..<76: try driver.finishCheckpoint(abandoning: Int.random(in: 0..<5, using: &generator) == 0)
    case ..<80: driver.disk.fault = randomFault(driver, &generator)
    case ..<84: driver.disk.fault = nil
    case ..<88: try driver.heal()
    case ..<91: try driver.verify()
    case ..<93: try driver.close()
    case ..<96: try driver.crash(ofMachine: false)
    default: try driver.crash(ofMachine: true)
    }
  }

  private static func byteCount(_ generator: inout SeededGenerator) -> Int {
    Int.random(in: 0..<6, using: &generator) == 0
      ? Int.random(in: 0...3000, using: &generator) : Int.random(in: 0...60, using: &generator)
  }

  private static func randomFault(
    _ driver: StoreDriver, _ generator: inout SeededGenerator
  ) -> SimulatedDisk.Fault {
    let first = driver.disk.operationCount + Int.random(in: 1...12, using: &generator)
    if Bool.random(using: &generator) { return .die(at: first) }
    let last = Bool.random(using: &generator) ? first : first + Int.random(in: 0...30, using: &generator)
    return .fail(first...last, errno: errnos.randomElement(using: &generator)!)
  }

  // MARK: - Every operation of one history

  @Test(
    "The n-th operation fails, once, twice or for good, for every n: nothing acknowledged is lost, whenever a crash comes",
    arguments: [300, 1 << 20])
  func everyFailure(segmentByteLimit: Int) throws {
    let operationCount = try Life(segmentByteLimit: segmentByteLimit).live().operationCount
    #expect(operationCount > 100)
    for number in 1...operationCount {
      // A write that fails is taken back by the next operation.
      let others =
        Self.isLong ? [number + 1, .max] : segmentByteLimit == 300 ? [number + 1] : number % 4 == 0 ? [.max] : []
      let ends = [number] + others
      for (index, last) in ends.enumerated() {
        // The store does not ask which error it is; the long form tries all the same.
        for errno in Self.isLong ? Self.errnos : [Self.errnos[(number + index) % Self.errnos.count]] {
          let life = Life(
            segmentByteLimit: segmentByteLimit, seed: UInt64(number + index),
            anxiousStepCount: Self.isLong ? 6 : 2 - index)
          do { try life.live(under: .fail(number...last, errno: errno)) } catch {
            Issue.record("operation \(number) to \(last), error \(errno): \(error)")
          }
        }
      }
    }
  }

  @Test("The process or the machine ends at the n-th operation, for every n: nothing acknowledged is lost")
  func everyDeath() throws {
    let (operationCount, checkpointing) = try Life().live()
    for number in 1...operationCount {
      // What of the unsynced survives is chance, so several times; the more the more depends on it.
      let isCheckpointing = checkpointing.contains(number)
      for seed in 0..<(Self.isLong ? 20 : isCheckpointing ? 4 : 2) as Range<UInt64> {
        let disturbance: Life.Disturbance? = isCheckpointing || Self.isLong ? seed % 2 == 0 ? .cut : .failure : nil
        let life = Life(seed: seed, disturbance: disturbance)
        do { try life.live(under: .die(at: number)) } catch {
          Issue.record("operation \(number), seed \(seed): \(error)")
        }
      }
    }
  }
}

/// A life with everything in it, under a fault; then a crash, and a life without one.
private struct Life {
  var segmentByteLimit = 300
  var seed: UInt64 = 1
  /// For so many steps after a fault it is tried what a crash would leave.
  var anxiousStepCount = 1
  /// What it is tried to do to the next start, at every operation in turn.
  var disturbance: Disturbance?

  enum Disturbance { case cut, failure }

  /// - Parameter fault: its numbers count from this life's beginning.
  /// - Returns: how many operations it took, and those of the last checkpoint's end.
  @discardableResult
  func live(under fault: SimulatedDisk.Fault? = nil) throws -> (operationCount: Int, checkpointing: Range<Int>) {
    let driver = try StoreDriver(seed: seed, segmentByteLimit: segmentByteLimit)
    let start = driver.disk.operationCount
    driver.disk.fault =
      switch fault {
      case .die(let number): .die(at: start + number)
      case .fail(let range, let errno):
        .fail((start + range.lowerBound)...(range.upperBound == .max ? .max : start + range.upperBound), errno: errno)
      case nil: nil
      }
    var lookCount = 0
    try driver.open()
    let checkpointing = try live(driver) {
      guard fault != nil, driver.disk.hasFailed, lookCount < anxiousStepCount else { return }
      if lookCount == 0 {
        switch disturbance {
        case .cut: try driver.foreseeInterruptedStarts(seed: seed)
        case .failure: try driver.foreseeFailingStarts(seed: seed)
        case nil: break
        }
      }
      lookCount += 1
      try driver.foresee(seed: seed &+ UInt64(lookCount))
    }
    let operationCount = driver.disk.operationCount - start
    try driver.crash(ofMachine: seed % 2 == 1)
    try driver.verify()
    _ = try live(driver) {}
    try driver.crash(ofMachine: true)
    try driver.verify()
    return (operationCount, (checkpointing.lowerBound - start)..<(checkpointing.upperBound - start + 1))
  }

  /// - Parameter look: done after every step.
  /// - Returns: the numbers of the operations of the last checkpoint's end.
  private func live(_ driver: StoreDriver, _ look: () throws -> Void) throws -> Range<Int> {
    var checkpointing = 0..<0
    for round in 0..<4 {
      let steps: [() throws -> Void] = [
        { try driver.append(byteCount: 20) }, { try driver.buffer(byteCount: 30) },
        { try driver.append(byteCount: 600) }, { try driver.synchronize() }, { try driver.heal() },
        { try driver.append(byteCount: 10) }, { try driver.synchronize() }, { try driver.beginCheckpoint() },
        { try driver.append(byteCount: 10) }, { try driver.synchronize() },
        { try driver.append(byteCount: 10) },
        {
          let start = driver.disk.operationCount
          try driver.finishCheckpoint(abandoning: round == 1)
          checkpointing = start..<driver.disk.operationCount
        },
        { try driver.synchronize() },
      ]
      for step in steps {
        try step()
        try look()
      }
      if driver.store == nil, !driver.disk.isDead { try driver.open() }
    }
    let last: [() throws -> Void] = [
      { try driver.append(byteCount: 5) }, { try driver.close() }, { if !driver.disk.isDead { try driver.open() } },
      { try driver.append(byteCount: 5) }, { try driver.synchronize() }, { try driver.append(byteCount: 40) },
    ]
    for step in last {
      try step()
      try look()
    }
    return checkpointing
  }
}
