import Foundation
import Synchronization
import Testing

@testable import System

@Suite("Processes and signals", .serialized)
struct ProcessTests {
  @Test("Caught signals can be read, in order, when the watcher's descriptor says so")
  func catchesSignals() throws {
    let watcher = try SignalWatcher([.hangUp, .interrupt])
    #expect(try watcher.received() == [])
    let poller = try Poller()
    try poller.register(watcher, token: 1, interest: .readable)
    var events: [PollEvent] = []
    for signal in [Signal.hangUp, .interrupt, .hangUp] {
      try ProcessControl.send(signal, to: ProcessControl.processID)
      repeat { try poller.wait(timeoutMilliseconds: nil, into: &events) } while events.isEmpty
      let received = try watcher.received()
      #expect(received == [signal])
    }
  }

  @Test("A call that signals interrupt is made again until it is done")
  func survivesInterruption() throws {
    // Without SA_RESTART, so that the system itself resumes nothing.
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    sigaction(SIGUSR1, &action, nil)
    let reading = try Reading()
    let thread = try ServiceThread(name: "test") { reading.run() }
    while reading.thread == 0 { sched_yield() }
    for _ in 0..<50 {
      pthread_kill(pthread_t(reading.thread), SIGUSR1)
      sched_yield()
    }
    try reading.pipe.writing.writeAll([42].span)
    thread.join()
    #expect(reading.result == [42])
  }

  /// A thread that waits for a byte, and is interrupted meanwhile.
  private final class Reading: Sendable {
    let pipe: System.Pipe
    private let state = Mutex<(thread: UInt, result: [UInt8]?)>((0, nil))

    init() throws { pipe = try System.Pipe() }

    var thread: UInt { state.withLock { $0.thread } }
    var result: [UInt8]? { state.withLock { $0.result } }

    func run() {
      // Threads of the pool, from which this one comes, block all signals.
      var all = sigset_t()
      sigfillset(&all)
      pthread_sigmask(SIG_UNBLOCK, &all, nil)
      state.withLock { $0.thread = UInt(pthread_self()) }
      var bytes: [UInt8] = []
      guard (try? pipe.reading.waitUntilReadable()) == true,
        (try? pipe.reading.read(atMost: 10, appendingTo: &bytes)) == .bytes(1)
      else { return }
      state.withLock { $0.result = bytes }
    }
  }

  @Test("Processes are told alive from dead, and groups are never signalled")
  func knowsTheLiving() throws {
    #expect(ProcessControl.isAlive(ProcessControl.processID))
    #expect(ProcessControl.isAlive(1))
    let process = try DetachedProcess.start(
      "/bin/sh", arguments: ["-c", "printf 'ready\\n' >&3; exec 3>&-; exec sleep 1000"])
    #expect(ProcessControl.isAlive(process.processID))
    process.killAndReap()
    #expect(!ProcessControl.isAlive(process.processID))
    for number: Int32 in [0, -1, .min] {
      #expect(!ProcessControl.isAlive(number))
      #expect(throws: SystemError.self) { try ProcessControl.send(.terminate, to: number) }
    }
  }

  @Test("The executable is a file that exists")
  func executable() throws {
    let path = try ProcessControl.executablePath()
    #expect(path.hasPrefix("/"))
    #expect(try FileSystem.kind(at: path) == .regular)
  }

  @Test("The limit of open files is raised, and never lowered")
  func raisesLimit() throws {
    let before = ProcessControl.descriptorLimit
    #expect(try ProcessControl.raiseDescriptorLimit(to: 1) == before)
    #expect(try ProcessControl.raiseDescriptorLimit(to: before + 1) >= before)
  }

  @Test("A process that forbids it leaves no core and cannot be looked into")
  func forbidsDumps() async {
    await #expect(processExitsWith: .success) {
      try ProcessControl.disableCoreDumps()
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
      exit(limit.rlim_cur == 0 && limit.rlim_max == 0 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test("Memory, processor time and descriptors in use are told")
  func usage() throws {
    #expect(ResourceUsage.residentByteCount > 1 << 20)
    #expect(ResourceUsage.peakResidentByteCount > 1 << 20)
    #expect(ResourceUsage.processNanoseconds >= ResourceUsage.threadNanoseconds)
    #if os(Linux)
      #expect(try #require(ResourceUsage.openDescriptorCount) >= 3)
    #endif
  }
}

@Suite("UserDirectories")
struct UserDirectoriesTests {
  private func lookup(_ variables: [String: String]) -> UserDirectories.Lookup { { variables[$0] } }

  @Test(
    "The socket is where the flag, else RNND_SOCKET, else XDG_RUNTIME_DIR says",
    arguments: [
      ("/flag", ["RNND_SOCKET": "/variable", "XDG_RUNTIME_DIR": "/runtime"], "/flag"),
      (nil, ["RNND_SOCKET": "/variable", "XDG_RUNTIME_DIR": "/runtime"], "/variable"),
      (nil, ["XDG_RUNTIME_DIR": "/runtime"], "/runtime/rnnd/rnnd.sock"),
    ] as [(String?, [String: String], String)])
  func socketPath(given: String?, variables: [String: String], expected: String) throws {
    #expect(try UserDirectories.socketPath(given: given, lookup(variables)) == expected)
  }

  @Test(
    "Without XDG_RUNTIME_DIR the socket is in a directory of the user's, never in /tmp",
    arguments: [
      ["HOME": "/home/me"], ["HOME": "/home/me", "XDG_RUNTIME_DIR": "relative", "TMPDIR": "/tmp"],
      ["HOME": "/home/me", "XDG_STATE_HOME": "/home/me/.local/state"],
    ])
  func fallsBack(variables: [String: String]) throws {
    let path = try UserDirectories.socketPath(given: nil, lookup(variables))
    let usual = "/run/user/\(geteuid())"
    let isUsual = (try? FileSystem.verifyPrivateDirectory(usual)) != nil
    #expect(path == (isUsual ? "\(usual)/rnnd/rnnd.sock" : "/home/me/.local/state/rnnd/run/rnnd.sock"))
  }

  @Test("Without HOME the user database says where home is")
  func home() throws {
    #expect(try UserDirectories.home(lookup([:])).hasPrefix("/"))
    #expect(try UserDirectories.home(lookup(["HOME": "relative"])).hasPrefix("/"))
    #expect(try UserDirectories.home(lookup(["HOME": "/home/me"])) == "/home/me")
  }

  @Test("Models are in XDG_DATA_HOME, else in the home directory's usual place")
  func data() throws {
    #expect(try UserDirectories.data(lookup(["XDG_DATA_HOME": "/data/"])) == "/data/rnnd")
    #expect(try UserDirectories.data(lookup(["HOME": "/home/me"])) == "/home/me/.local/share/rnnd")
  }

  @Test("A relative path begins at the working directory, an empty one is refused")
  func relative() throws {
    let working = FileManager.default.currentDirectoryPath
    #expect(try UserDirectories.socketPath(given: "my.sock", lookup([:])) == "\(working)/my.sock")
    #expect(throws: SystemError.self) { try UserDirectories.socketPath(given: "", lookup([:])) }
  }
}

@Suite("SystemError")
struct SystemErrorTests {
  @Test(
    "Errors say what was done to what and what the system answered",
    arguments: [
      (SystemError.call(operation: "open", errno: EACCES, path: "/a"), "cannot open /a: Permission denied", EACCES),
      (.call(operation: "accept", errno: EMFILE, path: nil), "cannot accept: Too many open files", EMFILE),
      (.tooLarge(path: "/a", byteLimit: 5), "/a is larger than the limit of 5 bytes", EFBIG),
      (.locked(path: "/a", holder: 12), "/a is locked by process 12", EWOULDBLOCK),
      (.locked(path: "/a", holder: nil), "/a is locked by another process", EWOULDBLOCK),
      (.addressInUse(path: "/a"), "another process listens at /a", EADDRINUSE),
      (.timedOut(operation: "starting", milliseconds: 3), "starting took longer than 3 ms", ETIMEDOUT),
    ] as [(SystemError, String, Int32)])
  func describes(error: SystemError, text: String, errno: Int32) {
    #expect(error.description == text)
    #expect(error.errno == errno)
  }
}
