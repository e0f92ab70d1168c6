import Testing

@testable import System

@Suite("EventLoop")
struct EventLoopTests {
  init() throws { try EventLoop.start() }

  @Test("What is marked for the loop runs on its one thread, and calls among it take no hop")
  func runsOnOneThread() async throws {
    #expect(!EventLoop.isCurrent)
    let threads = await EventLoop.run {
      #expect(EventLoop.isCurrent)
      return [ServiceThread.current, EventLoop.assumeIsolated { ServiceThread.current }]
    }
    #expect(threads[0] == threads[1])
    #expect(await EventLoop.run { ServiceThread.current } == threads[0])
  }

  @Test("The handler of a watched socket is called on the loop when bytes come and when the other end hangs up")
  func watches() async throws {
    let (near, far) = try SocketEnd.pair()
    let (news, continuation) = AsyncStream.makeStream(of: PollConditions.self)
    let watch = try await EventLoop.run {
      try near.use { socket in
        try EventLoop.watch(socket, for: .readable) { conditions in
          #expect(EventLoop.isCurrent)
          _ = try? near.read()
          continuation.yield(conditions)
        }
      }
    }
    var seen = news.makeAsyncIterator()
    try far.write("hello")
    #expect(await seen.next()?.contains(.readable) == true)
    far.close()
    #expect(await seen.next()?.contains(.hangUp) == true)
    await EventLoop.run { EventLoop.unwatch(watch) }
  }

  @Test("A handler that ends another's watch keeps it silent, though both were reported together")
  func unwatchesWithinATurn() async throws {
    let (near, far) = try SocketEnd.pair()
    let (other, otherFar) = try SocketEnd.pair()
    let calls = try await EventLoop.run {
      var calls = 0
      var watches: [EventLoop.Watch] = []
      for end in [near, other] {
        watches.append(
          try end.use { socket in
            try EventLoop.watch(socket, for: .readable) { _ in
              calls += 1
              for watch in watches { EventLoop.unwatch(watch) }
            }
          })
      }
      try far.write("a")
      try otherFar.write("b")
      while calls == 0 { await EventLoop.nextTurn() }
      await EventLoop.nextTurn()
      return calls
    }
    #expect(calls == 1)
  }

  @Test("A socket without interest is silent until interest returns")
  func pausesWatching() async throws {
    let (near, far) = try SocketEnd.pair()
    let (news, continuation) = AsyncStream.makeStream(of: Int.self)
    let watch = try await EventLoop.run {
      try near.use { socket in
        try EventLoop.watch(socket, for: []) { _ in continuation.yield((try? near.read().1.count) ?? 0) }
      }
    }
    try far.write("abc")
    await EventLoop.nextTurn()
    try far.write("de")
    try await EventLoop.run { try EventLoop.setInterest(.readable, of: watch) }
    var seen = news.makeAsyncIterator()
    #expect(await seen.next() == 5)
    await EventLoop.run { EventLoop.unwatch(watch) }
  }

  @Test("Timers come in the order of their moments, and a cancelled one never")
  func timers() async {
    let order = await EventLoop.run {
      await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
        var order: [Int] = []
        EventLoop.after(milliseconds: 3) {
          order.append(3)
          continuation.resume(returning: order)
        }
        EventLoop.after(milliseconds: 1) { order.append(1) }
        let cancelled = EventLoop.after(milliseconds: 2) { order.append(2) }
        EventLoop.cancel(cancelled)
      }
    }
    #expect(order == [1, 3])
  }

  @Test("Slices of two tasks alternate")
  func slices() async {
    let order = await EventLoop.run {
      await withCheckedContinuation { (continuation: CheckedContinuation<[String], Never>) in
        var order: [String] = []
        @EventLoop func slice(_ name: String, _ number: Int) {
          order.append("\(name)\(number)")
          if order.count == 6 { return continuation.resume(returning: order) }
          if number < 3 { EventLoop.nextTurn { slice(name, number + 1) } }
        }
        EventLoop.nextTurn { slice("a", 1) }
        EventLoop.nextTurn { slice("b", 1) }
      }
    }
    #expect(order == ["a1", "b1", "a2", "b2", "a3", "b3"])
  }
}
