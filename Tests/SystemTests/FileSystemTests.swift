import Glibc
import TestSupport
import Testing

@testable import System

@Suite("FileSystem")
struct FileSystemTests {
  @Test(
    "A file is read whole up to its limit, and refused one byte over it", arguments: [0, 1, 65_536, 65_537, 200_000])
  func readsFiles(byteCount: Int) throws {
    let directory = try TemporaryDirectory()
    let content = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) }
    try AtomicFile.replace(directory["file"], with: content)
    #expect(try FileSystem.readFile(directory["file"], byteLimit: byteCount) == content)
    #expect(try FileSystem.readFile(directory["file"], byteLimit: .max) == content)
    guard byteCount > 0 else { return }
    #expect(throws: SystemError.tooLarge(path: directory["file"], byteLimit: byteCount - 1)) {
      try FileSystem.readFile(directory["file"], byteLimit: byteCount - 1)
    }
  }

  @Test("A file of which the system tells no size is read, and its limit holds")
  func readsFilesWithoutSize() throws {
    let content = try FileSystem.readFile("/proc/self/status", byteLimit: 1 << 20)
    #expect(content.count > 100)
    #expect(throws: SystemError.tooLarge(path: "/proc/self/status", byteLimit: 10)) {
      try FileSystem.readFile("/proc/self/status", byteLimit: 10)
    }
  }

  @Test("A directory, a FIFO and a device are refused by their kind, without waiting")
  func refusesOtherKinds() throws {
    let directory = try TemporaryDirectory()
    try directory.makeFIFO("fifo")
    for (path, kind) in [
      (directory.path, FileKind.directory), (directory["fifo"], .fifo), ("/dev/zero", .characterDevice),
    ] {
      let error = #expect(throws: SystemError.self) { try FileSystem.readFile(path, byteLimit: 10) }
      #expect(error == .wrongKind(path: path, found: kind, expected: .regular))
      #expect(error?.description == "\(path) is a \(kind.rawValue), not a regular file")
    }
  }

  @Test("A link of one's own to a file is followed, one to a device or to nothing is not")
  func followsOwnLinks() throws {
    let directory = try TemporaryDirectory()
    try directory.write("linked", to: "file")
    try directory.link(directory["file"], at: "link")
    #expect(try FileSystem.readFile(directory["link"], byteLimit: 10) == Array("linked".utf8))
    try directory.link("/dev/zero", at: "device")
    #expect(throws: SystemError.wrongKind(path: directory["device"], found: .characterDevice, expected: .regular)) {
      try FileSystem.readFile(directory["device"], byteLimit: 10)
    }
    try directory.link(directory["none"], at: "dangling")
    let error = #expect(throws: SystemError.self) { try FileSystem.readFile(directory["dangling"], byteLimit: 10) }
    #expect(error?.isMissing == true)
  }

  @Test("A link that somebody else made is refused", .enabled(if: geteuid() == 0, "only root can give a link away"))
  func refusesForeignLinks() throws {
    let directory = try TemporaryDirectory()
    try directory.write("private", to: "file")
    try directory.link(directory["file"], at: "link")
    lchown(directory["link"], 65_534, gid_t.max)
    #expect(throws: SystemError.notPrivate(path: directory["link"], reason: "it is a symbolic link of user 65534")) {
      try FileSystem.readFile(directory["link"], byteLimit: 10)
    }
  }

  @Test("A path that is empty, holds a zero byte or leads nowhere is an error", arguments: ["", "a\0b", "/none/such"])
  func refusesPaths(path: String) {
    #expect(throws: SystemError.self) { try FileSystem.readFile(path, byteLimit: 10) }
    #expect(throws: SystemError.self) { try FileSystem.list(path) }
    #expect(throws: SystemError.self) { try FileSystem.freeByteCount(at: path) }
  }

  @Test("Directories are created 0700 with their parents, and creating them again changes nothing")
  func createsDirectories() throws {
    let directory = try TemporaryDirectory()
    try FileSystem.createDirectory(directory["a/b/c"], withParents: true)
    for name in ["a", "a/b", "a/b/c"] {
      #expect(try FileSystem.status(of: directory[name])?.permissions == 0o700)
    }
    try directory.write("kept", to: "a/b/c/file")
    try FileSystem.createDirectory(directory["a/b/c"], withParents: true)
    #expect(try directory.text(of: "a/b/c/file") == "kept")
    #expect(throws: SystemError.self) { try FileSystem.createDirectory(directory["x/y"]) }
    #expect(throws: SystemError.wrongKind(path: directory["a/b/c/file"], found: .regular, expected: .directory)) {
      try FileSystem.createDirectory(directory["a/b/c/file"])
    }
  }

  @Test("Names are listed in the order of their bytes")
  func lists() throws {
    let directory = try TemporaryDirectory()
    for name in ["b", "a", "B", "é", ".hidden", "a.b"] { try directory.write("", to: name) }
    #expect(try directory.names() == [".hidden", "B", "a", "a.b", "b", "é"])
  }

  @Test("A tree is removed with all below it, but nothing that its links lead to")
  func removesTrees() throws {
    let directory = try TemporaryDirectory()
    try FileSystem.createDirectory(directory["kept"])
    try directory.write("precious", to: "kept/file")
    try FileSystem.createDirectory(directory["tree/deep/deeper"], withParents: true)
    try directory.write("gone", to: "tree/deep/deeper/file")
    try directory.link(directory["kept"], at: "tree/deep/link")
    try directory.makeFIFO("tree/fifo")
    try FileSystem.removeTree(directory["tree"])
    try FileSystem.removeTree(directory["tree"])
    #expect(try directory.names() == ["kept"])
    #expect(try directory.text(of: "kept/file") == "precious")
    try directory.link(directory["kept"], at: "link")
    try FileSystem.removeTree(directory["link"])
    #expect(try directory.text(of: "kept/file") == "precious")
    #expect(!FileSystem.exists(directory["link"]))
  }

  @Test("The free space of a file system is more than nothing")
  func freeSpace() throws {
    #expect(try FileSystem.freeByteCount(at: "/tmp") > 0)
  }

  @Test(
    "The parent of a path is what stands before its last name",
    arguments: [
      ("/a/b", "/a"), ("/a/b/", "/a"), ("/a", "/"), ("a", "."), ("a/b", "a"), ("/", nil), ("", nil), ("//", nil),
    ] as [(String, String?)])
  func parents(path: String, parent: String?) {
    #expect(FileSystem.parent(of: path) == parent)
  }
}

@Suite("Private directories")
struct PrivateDirectoryTests {
  @Test("A directory that a group may enter is private but for that, and only for that group")
  func acceptsGroup() throws {
    let directory = try TemporaryDirectory()
    try FileSystem.createDirectory(directory["run"])
    try FileSystem.share(directory["run"], with: getegid(), permissions: 0o710)
    try FileSystem.verifyPrivateDirectory(directory["run"], enteredBy: getegid())
    #expect(throws: SystemError.self) { try FileSystem.verifyPrivateDirectory(directory["run"]) }
    #expect(throws: SystemError.self) {
      try FileSystem.verifyPrivateDirectory(directory["run"], enteredBy: getegid() + 1)
    }
    for permissions in [0o711, 0o730, 0o750] as [UInt32] {
      try FileSystem.share(directory["run"], with: getegid(), permissions: permissions)
      #expect(throws: SystemError.self) {
        try FileSystem.verifyPrivateDirectory(directory["run"], enteredBy: getegid())
      }
    }
  }

  @Test("A group reaches what is in directories that let it pass, and a closed one is named")
  func reach() throws {
    let directory = try TemporaryDirectory()
    try FileSystem.createDirectory(directory["run"])
    try directory.setPermissions(0o711, of: "")
    try FileSystem.share(directory["run"], with: getegid(), permissions: 0o710)
    try FileSystem.verifyReachable(directory["run/socket"], by: getegid())
    #expect(
      throws: SystemError.outOfReach(path: directory["run/socket"], group: getegid() + 1, closed: directory["run"])
    ) {
      try FileSystem.verifyReachable(directory["run/socket"], by: getegid() + 1)
    }
  }

  @Test("What nobody else can exchange is guarded, whether it is there yet or not")
  func guarded() throws {
    let directory = try TemporaryDirectory()
    try FileSystem.createDirectory(directory["run"])
    try FileSystem.verifyGuarded(directory["run/socket"])
    for permissions in [0o755, 0o711, 0o1777] {
      try directory.setPermissions(permissions, of: "run")
      try FileSystem.verifyGuarded(directory["run/socket"])
    }
    try directory.setPermissions(0o777, of: "run")
    let error = #expect(throws: SystemError.self) { try FileSystem.verifyGuarded(directory["run/socket"]) }
    #expect(error?.description.contains("others may write") == true)
  }

  @Test("A directory of one's own is accepted, and created when it is missing")
  func accepts() throws {
    let directory = try TemporaryDirectory()
    try FileSystem.createPrivateDirectory(directory["run/rnnd"])
    try FileSystem.createPrivateDirectory(directory["run/rnnd"])
    try FileSystem.verifyPrivateDirectory(directory["run/rnnd"])
  }

  @Test("Any right of others refuses it", arguments: [0o701, 0o710, 0o720, 0o704, 0o740, 0o777, 0o1777])
  func refusesRights(permissions: Int) throws {
    let directory = try TemporaryDirectory()
    try FileSystem.createDirectory(directory["run"])
    try directory.setPermissions(permissions, of: "run")
    let error = #expect(throws: SystemError.self) { try FileSystem.createPrivateDirectory(directory["run"]) }
    #expect(
      error
        == .notPrivate(
          path: directory["run"], reason: "its permissions are 0\(String(permissions, radix: 8)), others may use it"))
    #expect(error?.hint?.contains("chmod") == true)
  }

  @Test("A link to a directory of one's own is refused")
  func refusesLinks() throws {
    let directory = try TemporaryDirectory()
    try FileSystem.createDirectory(directory["real"])
    try directory.link(directory["real"], at: "run")
    #expect(throws: SystemError.notPrivate(path: directory["run"], reason: "it is a symbolic link")) {
      try FileSystem.verifyPrivateDirectory(directory["run"])
    }
  }

  @Test("A file in its place is refused")
  func refusesFiles() throws {
    let directory = try TemporaryDirectory()
    try directory.write("", to: "run")
    #expect(throws: SystemError.wrongKind(path: directory["run"], found: .regular, expected: .directory)) {
      try FileSystem.createPrivateDirectory(directory["run"])
    }
  }

  @Test("One that somebody else could exchange is refused, also behind a link")
  func refusesOpenParents() throws {
    let directory = try TemporaryDirectory()
    try FileSystem.createDirectory(directory["open/run"], withParents: true)
    try directory.setPermissions(0o777, of: "open")
    try directory.link(directory["open"], at: "link")
    for name in ["open/run", "link/run"] {
      let error = #expect(throws: SystemError.self) { try FileSystem.verifyPrivateDirectory(directory[name]) }
      guard case .notPrivate(_, let reason) = error else {
        Issue.record("found \(String(describing: error))")
        continue
      }
      #expect(reason.contains("others may write"))
    }
    // Nobody can exchange another's names in a sticky directory.
    try directory.setPermissions(0o1777, of: "open")
    try FileSystem.verifyPrivateDirectory(directory["open/run"])
  }
}
