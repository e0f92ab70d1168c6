import Foundation
import TestSupport
import Testing

@testable import System

@Suite("DetachedProcess")
struct DetachedProcessTests {
  /// Starts a shell in the background that says that it is ready and then lives until it is killed.
  private func start(_ script: String, log: String? = nil) throws -> DetachedProcess {
    try DetachedProcess.start(
      "/bin/sh", arguments: ["-c", "\(script)\nprintf 'ready\\n' >&3; exec 3>&-; exec sleep 1000"], logPath: log)
  }

  @Test("It returns when the process is ready, and what that did before is done")
  func waits() throws {
    let directory = try TemporaryDirectory()
    let process = try start("echo done > \(directory["file"])")
    defer { process.killAndReap() }
    #expect(try directory.text(of: "file") == "done\n")
    #expect(ProcessControl.isAlive(process.processID))
  }

  @Test("The process leads a session of its own, in the root directory")
  func detaches() throws {
    let directory = try TemporaryDirectory()
    let process = try start("pwd > \(directory["file"])")
    defer { process.killAndReap() }
    #expect(getsid(process.processID) == process.processID)
    #expect(try directory.text(of: "file") == "/\n")
  }

  @Test("A program can be run to its end, and what it did is done")
  func runs() throws {
    let directory = try TemporaryDirectory()
    try DetachedProcess.run("/bin/sh", arguments: ["-c", "echo done > \(directory["file"])"])
    #expect(try directory.text(of: "file") == "done\n")
  }

  @Test("How a program failed is told", arguments: [("exit 7", "exit status 7"), ("kill -9 $$", "signal 9")])
  func runsInVain(script: String, ending: String) {
    #expect(throws: SystemError.notReady(message: "/bin/sh ended with \(ending)")) {
      try DetachedProcess.run("/bin/sh", arguments: ["-c", script])
    }
  }

  @Test("The processor time of another process grows while it works, and is unknown when there is none")
  func processorTime() throws {
    let process = try start("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")
    let used = ResourceUsage.processorNanoseconds(of: process.processID)
    #expect(try #require(used) > 100_000)
    process.killAndReap()
    #expect(ResourceUsage.processorNanoseconds(of: process.processID) == nil)
  }

  @Test("It has no descriptor but the standard ones and the report, whatever is open here")
  func leaksNothing() throws {
    let directory = try TemporaryDirectory()
    // Inherited on purpose: as from a shell that holds a lock.
    let inherited = fcntl(0, F_DUPFD, 50)
    defer { close(inherited) }
    let process = try start("for n in /proc/$$/fd/*; do echo ${n##*/}; done > \(directory["file"])")
    defer { process.killAndReap() }
    let numbers = Set(try directory.text(of: "file").split(separator: "\n").compactMap { Int32($0) })
    #expect(numbers.isSuperset(of: [0, 1, 2, 3]))
    // A few more are the shell's own, for the list and for the file that it writes to.
    #expect(numbers.allSatisfy { $0 < 50 })
    #expect(inherited >= 50)
  }

  @Test("Its output is added to a log that is its owner's alone")
  func logs() throws {
    let directory = try TemporaryDirectory()
    for word in ["first", "second"] {
      let process = try start("echo \(word); echo \(word) >&2", log: directory["log"])
      process.killAndReap()
    }
    #expect(try directory.text(of: "log") == "first\nfirst\nsecond\nsecond\n")
    #expect(try FileSystem.status(of: directory["log"])?.permissions == 0o600)
  }

  @Test("A log that is a link is refused, and nothing is started")
  func refusesLinkedLogs() throws {
    let directory = try TemporaryDirectory()
    try directory.link("elsewhere", at: "log")
    #expect(throws: SystemError.call(operation: "open", errno: ELOOP, path: directory["log"])) {
      try start("", log: directory["log"])
    }
    #expect(try directory.names() == ["log"])
  }

  @Test("What it reports instead of being ready is the error")
  func reports() {
    #expect(throws: SystemError.notReady(message: "the port is taken")) {
      try DetachedProcess.start("/bin/sh", arguments: ["-c", "printf 'the port is taken' >&3; exit 1"])
    }
  }

  @Test(
    "One that ends without a word is an error that says how",
    arguments: [
      ("exit 3", "exit status 3"), ("kill -KILL $$", "signal 9"),
    ])
  func endsEarly(script: String, ending: String) {
    #expect(throws: SystemError.notReady(message: "it ended before it was ready (\(ending))")) {
      try DetachedProcess.start("/bin/sh", arguments: ["-c", script])
    }
  }

  @Test("One that is not ready in time is told to end")
  func timesOut() throws {
    #expect(throws: SystemError.timedOut(operation: "starting /bin/sh", milliseconds: 20)) {
      try DetachedProcess.start("/bin/sh", arguments: ["-c", "exec sleep 1000"], timeoutMilliseconds: 20)
    }
  }

  @Test("A program that does not exist is an error")
  func missing() {
    #expect(throws: SystemError.call(operation: "start /none/such", errno: ENOENT, path: nil)) {
      try DetachedProcess.start("/none/such", arguments: [])
    }
  }

  @Test("Signals that are ignored here are not ignored there")
  func restoresSignals() throws {
    Signal.ignoreBrokenPipe()
    let directory = try TemporaryDirectory()
    // By the shell itself: one that starts a command blocks all signals for a moment.
    let script = "while read -r line; do case $line in Sig[IB]*) echo \"$line\";; esac; done < /proc/$$/status"
    let process = try start("{ \(script); } > \(directory["file"])")
    defer { process.killAndReap() }
    let masks = try directory.text(of: "file").split(separator: "\n").map { line in
      line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) }
    }
    let ours = [SIGPIPE, SIGTERM, SIGINT, SIGHUP].reduce(UInt64(0)) { $0 | 1 << UInt64($1 - 1) }
    #expect(masks.count == 2)
    for mask in masks { #expect(mask.map { $0 & ours } == 0) }
  }
}
