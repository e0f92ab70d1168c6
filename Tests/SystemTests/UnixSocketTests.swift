import Foundation
import TestSupport
import Testing

@testable import System

@Suite("UnixSocket")
struct UnixSocketTests {
  @Test("What is sent arrives, and an empty non-blocking socket would block")
  func sendsAndReceives() throws {
    let (near, far) = try SocketEnd.pair()
    try near.use { try $0.setNonBlocking(true) }
    #expect(try near.read().0 == .wouldBlock)
    try far.write("hello")
    let (outcome, bytes) = try near.read()
    #expect(outcome == .bytes(5))
    #expect(bytes == Array("hello".utf8))
    #expect(try near.read().0 == .wouldBlock)
  }

  @Test("A read takes no more than it may and adds to what is there")
  func readsInPieces() throws {
    let (near, far) = try SocketEnd.pair()
    try far.write("abcdef")
    var bytes = Array("x".utf8)
    let outcomes = try near.use { socket in
      [try socket.read(atMost: 4, appendingTo: &bytes), try socket.read(atMost: 4, appendingTo: &bytes)]
    }
    #expect(outcomes == [.bytes(4), .bytes(2)])
    #expect(bytes == Array("xabcdef".utf8))
  }

  @Test("A reader that does not read makes the writer wait, not fail")
  func fillsUp() throws {
    let (near, far) = try SocketEnd.pair()
    defer { far.close() }
    try near.use { socket in
      try socket.setNonBlocking(true)
      let piece = [UInt8](repeating: 7, count: 1 << 16)
      var outcome = WriteOutcome.bytes(1)
      while outcome != .wouldBlock { outcome = try socket.write(piece.span) }
      #expect(try socket.waitUntilWritable(timeoutMilliseconds: 0) == false)
    }
  }

  @Test("A half-closed socket still answers; its other end reads the end of the stream")
  func halfCloses() throws {
    let (client, server) = try SocketEnd.pair()
    try client.write("question")
    try client.use { try $0.shutdownWrite() }
    #expect(try server.read().1 == Array("question".utf8))
    #expect(try server.read().0 == .endOfFile)
    try server.write("answer")
    #expect(try client.read().1 == Array("answer".utf8))
  }

  @Test("Writing to who has hung up is an error that says so, not a signal")
  func writesToNobody() throws {
    let (near, far) = try SocketEnd.pair()
    far.close()
    let error = #expect(throws: SystemError.self) { try near.write("hello") }
    #expect(error?.isDisconnection == true)
  }

  @Test("The other end of a socket is known by its user and process")
  func credentials() throws {
    let (near, _) = try SocketEnd.pair()
    let peer = try near.use { try $0.peerCredentials() }
    #expect(peer == PeerCredentials(processID: getpid(), userID: geteuid(), groupID: getegid()))
  }
}

@Suite("UnixListener")
struct UnixListenerTests {
  @Test("Whoever connects is accepted, without blocking and closed on exec; nobody is nil")
  func accepts() throws {
    let directory = try TemporaryDirectory()
    let listener = try UnixListener(path: directory["socket"])
    #expect(try listener.acceptEnd() == nil)
    let client = try UnixSocket.connect(to: directory["socket"])
    let accepted = try #require(try listener.acceptEnd())
    #expect(try accepted.read().0 == .wouldBlock)
    try client.writeAll([1, 2].span)
    #expect(try accepted.read().1 == [1, 2])
    for number in [listener.descriptorNumber, client.descriptorNumber, try accepted.use { $0.descriptorNumber }] {
      #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
    }
  }

  @Test("The socket can be used by its owner alone, and the process's mask is as before")
  func isPrivate() throws {
    let directory = try TemporaryDirectory()
    let mask = umask(0o022)
    umask(mask)
    let listener = try UnixListener(path: directory["socket"])
    #expect(try FileSystem.status(of: directory["socket"])?.permissions == 0o600)
    #expect(umask(mask) == mask)
    #expect(listener.path == directory["socket"])
  }

  @Test("A group is let in by the socket's permissions before the first client can come")
  func sharesWithGroup() throws {
    let directory = try TemporaryDirectory()
    let listener = try UnixListener(path: directory["socket"], group: getegid())
    let found = try FileSystem.status(of: listener.path)
    #expect(found?.permissions == 0o660)
    #expect(found?.groupID == getegid())
  }

  @Test("Who connects is known as a member of the groups that the process is in, and of no other")
  func membership() throws {
    let (near, _) = try SocketEnd.pair()
    var groups = [gid_t](repeating: 0, count: 1_000)
    let count = Int(getgroups(Int32(groups.count), &groups))
    for group in [getegid()] + groups.prefix(count) {
      #expect(try near.use { try $0.peerIsMember(of: group) })
    }
    #expect(try !near.use { try $0.peerIsMember(of: 4_000_000_000) })
  }

  @Test("Where somebody answers nobody else can listen, and the one who answers is not disturbed")
  func refusesLive() throws {
    let directory = try TemporaryDirectory()
    let listener = try UnixListener(path: directory["socket"])
    #expect(throws: SystemError.addressInUse(path: directory["socket"])) {
      _ = try UnixListener(path: directory["socket"])
    }
    #expect(try UnixListener.answers(at: directory["socket"]))
    #expect(listener.path == directory["socket"])
  }

  @Test("One whose queue is full still answers")
  func recognisesCrowds() throws {
    let directory = try TemporaryDirectory()
    let listener = try UnixListener(path: directory["socket"], backlog: 0)
    var waiting: [SocketEnd] = []
    let error = #expect(throws: SystemError.self) {
      while waiting.count < 100 {
        waiting.append(SocketEnd(try UnixSocket.connect(to: listener.path, nonBlocking: true)))
      }
    }
    #expect(error?.errno == EAGAIN)
    #expect(try UnixListener.answers(at: listener.path))
  }

  @Test("What a dead process left is replaced")
  func replacesStale() throws {
    let directory = try TemporaryDirectory()
    _ = try UnixListener(path: directory["socket"])
    #expect(FileSystem.exists(directory["socket"]))
    #expect(try !UnixListener.answers(at: directory["socket"]))
    let listener = try UnixListener(path: directory["socket"])
    #expect(try UnixListener.answers(at: directory["socket"]))
    listener.removePath()
    #expect(!FileSystem.exists(directory["socket"]))
    #expect(try !UnixListener.answers(at: directory["socket"]))
  }

  @Test("What is no socket is not removed")
  func keepsOtherFiles() throws {
    let directory = try TemporaryDirectory()
    try directory.write("precious", to: "socket")
    try FileSystem.createDirectory(directory["directory"])
    try directory.link("socket", at: "link")
    for (name, kind) in [("socket", FileKind.regular), ("directory", .directory), ("link", .symbolicLink)] {
      #expect(throws: SystemError.wrongKind(path: directory[name], found: kind, expected: .socket)) {
        _ = try UnixListener(path: directory[name])
      }
    }
    #expect(try directory.text(of: "socket") == "precious")
  }

  @Test("A path of 107 bytes is accepted, one of 108 refused with a hint", arguments: [107, 108])
  func limitsPaths(byteCount: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory[String(repeating: "s", count: byteCount - directory.path.utf8.count - 1)]
    if byteCount == 107 {
      let listener = try UnixListener(path: path)
      #expect(try UnixListener.answers(at: listener.path))
    } else {
      let error = #expect(throws: SystemError.self) { _ = try UnixListener(path: path) }
      #expect(error == .pathTooLong(path: path, byteCount: 108, byteLimit: 107))
      #expect(error?.hint?.contains("--socket") == true)
    }
  }

  @Test("A path that is empty or holds a zero byte is refused", arguments: ["", "/tmp/a\0b"])
  func refusesPaths(path: String) {
    #expect(throws: SystemError.self) { _ = try UnixListener(path: path) }
    #expect(throws: SystemError.self) { _ = try UnixSocket.connect(to: path) }
  }

  @Test("Connecting where nothing is says so")
  func connectsToNothing() throws {
    let directory = try TemporaryDirectory()
    let error = #expect(throws: SystemError.self) { _ = try UnixSocket.connect(to: directory["none"]) }
    #expect(error == .call(operation: "connect to", errno: ENOENT, path: directory["none"]))
  }
}
