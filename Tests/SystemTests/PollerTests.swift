import Testing

@testable import System

@Suite("Pollers")
struct PollerTests {
  /// Every poller that can be built here, so that the one for other systems is held to the same.
  static let all: [@Sendable () throws -> any DescriptorPolling] = {
    var makers: [@Sendable () throws -> any DescriptorPolling] = [{ try PortablePoller() }]
    #if os(Linux)
      makers.append { try EpollPoller() }
    #endif
    return makers
  }()

  /// What is true of the descriptors now, by token.
  private func news(_ poller: any DescriptorPolling) throws -> [Int: PollConditions] {
    var events: [PollEvent] = []
    try poller.wait(timeoutMilliseconds: 0, into: &events)
    return Dictionary(uniqueKeysWithValues: events.map { ($0.token, $0.conditions) })
  }

  /// Without what only some systems tell.
  private func common(_ conditions: PollConditions?) -> PollConditions? { conditions?.subtracting(.peerClosedWriting) }

  @Test("Only what is waited for is reported, under its token, until it is dealt with", arguments: all)
  func reports(_ make: @Sendable () throws -> any DescriptorPolling) throws {
    let poller = try make()
    let (near, far) = try SocketEnd.pair()
    try near.use { try poller.register($0, token: 7, interest: .readable) }
    #expect(try news(poller) == [:])
    try far.write("hello")
    #expect(try news(poller) == [7: .readable])
    #expect(try news(poller) == [7: .readable])
    try near.use { try poller.modify($0, token: -8, interest: [.readable, .writable]) }
    #expect(try news(poller) == [-8: [.readable, .writable]])
    _ = try near.read()
    #expect(try news(poller) == [-8: .writable])
    try near.use { try poller.remove($0) }
    #expect(try news(poller) == [:])
  }

  @Test("A half-close is something to read and no hang-up; a full close is a hang-up", arguments: all)
  func tellsHalfFromFull(_ make: @Sendable () throws -> any DescriptorPolling) throws {
    let poller = try make()
    let (near, far) = try SocketEnd.pair()
    try near.use { try poller.register($0, token: 1, interest: .readable) }
    try far.use { try $0.shutdownWrite() }
    #expect(common(try news(poller)[1]) == .readable)
    #if os(Linux)
      if poller is EpollPoller { #expect(try news(poller) == [1: [.readable, .peerClosedWriting]]) }
    #endif
    #expect(try near.read().0 == .endOfFile)
    far.close()
    #expect(try news(poller)[1]?.contains(.hangUp) == true)
  }

  @Test("With no interest a half-close is silent and a hang-up is not", arguments: all)
  func reportsHangUpsAlways(_ make: @Sendable () throws -> any DescriptorPolling) throws {
    let poller = try make()
    let (near, far) = try SocketEnd.pair()
    try near.use { try poller.register($0, token: 1, interest: []) }
    try far.write("unread")
    try far.use { try $0.shutdownWrite() }
    #expect(try news(poller) == [:])
    far.close()
    #expect(try news(poller) == [1: .hangUp])
  }

  @Test("A descriptor is registered once, and only what is registered can be changed or removed", arguments: all)
  func refusesMistakes(_ make: @Sendable () throws -> any DescriptorPolling) throws {
    let poller = try make()
    let (near, _) = try SocketEnd.pair()
    try near.use { socket in
      #expect(throws: SystemError.self) { try poller.modify(socket, token: 1, interest: .readable) }
      #expect(throws: SystemError.self) { try poller.remove(socket) }
      try poller.register(socket, token: 1, interest: .readable)
      #expect(throws: SystemError.self) { try poller.register(socket, token: 2, interest: .readable) }
    }
  }

  @Test("More news than one wait can bring is all brought by the next ones", arguments: all)
  func bringsMany(_ make: @Sendable () throws -> any DescriptorPolling) throws {
    let poller = try make()
    var ends: [SocketEnd] = []
    for token in 0..<150 {
      let (near, far) = try SocketEnd.pair()
      try near.use { try poller.register($0, token: token, interest: .readable) }
      try far.write("x")
      ends += [near, far]
    }
    var seen: Set<Int> = []
    for _ in 0..<3 {
      for token in try news(poller).keys {
        _ = try ends[2 * token].read()
        seen.insert(token)
      }
    }
    #expect(seen == Set(0..<150))
    #expect(try news(poller) == [:])
  }

  @Test("A waker ends another thread's wait, and is silent after it is drained", arguments: all)
  func wakes(_ make: @Sendable () throws -> any DescriptorPolling) throws {
    let poller = try make()
    let waker = try Waker()
    try poller.register(waker, token: 5, interest: .readable)
    let thread = try ServiceThread(name: "test") { waker.wake() }
    var events: [PollEvent] = []
    try poller.wait(timeoutMilliseconds: nil, into: &events)
    #expect(events == [PollEvent(token: 5, conditions: .readable)])
    thread.join()
    for _ in 0..<10 { waker.wake() }
    waker.drain()
    #if os(Linux)
      #expect(try news(poller) == [:])
    #endif
  }
}

@Suite("Deadline")
struct DeadlineTests {
  @Test("What is left is never less than nothing and never more than a poll can wait", arguments: [-5, 0, .min])
  func past(milliseconds: Int) {
    let deadline = Deadline(afterMilliseconds: milliseconds)
    #expect(deadline.remainingMilliseconds == 0)
    #expect(deadline.hasPassed)
  }

  @Test("A deadline too far away to count is still one", arguments: [Int.max, .max / 1_000_000])
  func future(milliseconds: Int) {
    let deadline = Deadline(afterMilliseconds: milliseconds)
    #expect(deadline.remainingMilliseconds == .max)
    #expect(!deadline.hasPassed)
  }
}
