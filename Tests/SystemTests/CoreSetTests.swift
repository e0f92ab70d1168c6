#if os(Linux)
  import Testing

  @testable import System

  // One after the other: a process that is held holds the threads of all tests.
  @Suite("cores", .serialized) struct CoreSetTests {
    @Test("a thread is kept on one of its cores, and given all of them back")
    func holding() throws {
      let all = try CoreSet.ofThisThread()
      #expect(all.count >= 1)
      #expect(all.only(all.count) == nil)
      let last = try #require(all.only(all.count - 1))
      #expect(last.count == 1)
      try last.holdThisThread()
      defer { #expect(throws: Never.self) { try all.holdThisThread() } }
      #expect(try CoreSet.ofThisThread() == last)
    }

    @Test("every thread of a process is kept on the cores")
    func process() throws {
      let all = try CoreSet.ofThisThread()
      // All of them, as other tests run meanwhile.
      try all.hold(process: ProcessControl.processID)
      #expect(try CoreSet.ofThisThread() == all)
      #expect(throws: SystemError.self) { try all.hold(process: 0) }
    }
  }
#endif
