import Glibc
import Testing

@testable import System

@Suite("ThreadExecutor")
struct ThreadExecutorTests {
  /// An actor on a thread of its own.
  private actor Worker {
    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private(set) var log: [Int] = []

    init(_ executor: ThreadExecutor = ThreadExecutor(name: "test.worker")) { self.executor = executor }

    func append(_ value: Int) { log.append(value) }
    func thread() -> UInt { ServiceThread.current }
    func isOnThread() -> Bool { executor.isOnThread }
    func name() throws -> String { String(try text(of: "comm").dropLast()) }
    /// The nineteenth field of what Linux tells of a thread; the second is its name in parentheses.
    func nice() throws -> Int? { try Int(text(of: "stat").split(separator: ")")[1].split(separator: " ")[16]) }
    private func text(of name: String) throws -> String {
      String(decoding: try FileSystem.readFile("/proc/thread-self/\(name)", byteLimit: 4096), as: UTF8.self)
    }
    func setNice(_ nice: Int) throws { try executor.setNice(nice) }
    func stop() { executor.stop() }
    nonisolated func assumed() -> UInt { assumeIsolated { _ in ServiceThread.current } }
    func callsAssumed() -> UInt { assumed() }
  }

  @Test("Jobs run in the order in which they came, on one thread that is nobody else's")
  func ordered() async {
    let worker = Worker()
    let thread = await worker.thread()
    for value in 0..<200 { await worker.append(value) }
    #expect(await worker.log == Array(0..<200))
    #expect(await worker.thread() == thread)
    let other = Worker()
    #expect(await other.thread() != thread)
    #expect(await worker.isOnThread())
  }

  @Test("The thread has the executor's name, as far as the system keeps it")
  func named() async throws {
    #expect(try await Worker(ThreadExecutor(name: "trainer.default")).name() == "trainer.default")
    #expect(try await Worker(ThreadExecutor(name: "a name of more than fifteen bytes")).name() == "a name of more ")
  }

  @Test("A job may be the last that holds the executor, also while another thread is still handing it over")
  func endsWithItsLastJob() async {
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var count = 0
          for value in 0..<300 {
            let worker = Worker()
            Task { await worker.append(value) }
            count += 1
          }
          return count
        }
      }
      #expect(await group.reduce(0, +) == 1200)
    }
  }

  @Test("Isolation can be assumed on the thread")
  func assumesIsolation() async {
    let worker = Worker()
    #expect(await worker.callsAssumed() == worker.thread())
  }

  @Test("The executor knows that others are not on its thread")
  func knowsOthers() async {
    let executor = ThreadExecutor(name: "test")
    #expect(!executor.isOnThread)
    #expect(executor.isIsolatingCurrentContext() == false)
    _ = await Worker(executor).thread()
    #expect(!executor.isOnThread)
  }

  @Test("The thread steps back as far as it is told, from its start and later")
  func steps() async throws {
    let worker = Worker(ThreadExecutor(name: "test", nice: 3))
    #expect(try await worker.nice() == 3)
    try await worker.setNice(7)
    #expect(try await worker.nice() == 7)
  }

  @Test("Stopping lets queued jobs run first, and a job that comes later still runs")
  func stops() async {
    let executor = ThreadExecutor(name: "test")
    let worker = Worker(executor)
    let first = await worker.thread()
    await withTaskGroup(of: Void.self) { group in
      for value in 0..<50 { group.addTask { await worker.append(value) } }
    }
    executor.stop()
    executor.stop()
    #expect(await worker.log.sorted() == Array(0..<50))
    #expect(first != 0)
    executor.stop()
  }

  @Test("An executor can be stopped by its own job")
  func stopsItself() async {
    let worker = Worker()
    await worker.stop()
    await worker.append(1)
    #expect(await worker.log == [1])
  }

  @Test("A stopped executor has no thread")
  func endsItsThread() async throws {
    let name = "rnnd.\(UInt32.random(in: 0 ... .max))"
    func threadNames() throws -> [String] {
      try FileSystem.list("/proc/self/task").compactMap { thread in
        let comm = try? FileSystem.readFile("/proc/self/task/\(thread)/comm", byteLimit: 64)
        return comm.map { String(decoding: $0.dropLast(), as: UTF8.self) }
      }
    }
    let executor = ThreadExecutor(name: name)
    #expect(try !threadNames().contains(name))
    await Worker(executor).append(1)
    #expect(try threadNames().contains(name))
    executor.stop()
    // The kernel takes a thread off its list a moment after it has told that it ended.
    while try threadNames().contains(name) { sched_yield() }
  }
}
