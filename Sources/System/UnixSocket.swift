import CSystem

/// Who is at the other end of a socket, as the kernel knows it.
package struct PeerCredentials: Equatable, Sendable {
  package let processID: Int32
  package let userID: UInt32
  package let groupID: UInt32
}

/// One end of a connected stream of the Unix domain.
package struct UnixSocket: ~Copyable, Sendable, Pollable, Writable {
  private let descriptor: FileDescriptor

  init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

  package var descriptorNumber: Int32 { descriptor.descriptorNumber }

  /// Connects to a listener.
  ///
  /// - Throws: `ENOENT` when nothing is at `path`, `ECONNREFUSED` when nobody listens there any more; `EAGAIN` when
  ///   `nonBlocking` and more clients wait already than the listener allows.
  package static func connect(to path: String, nonBlocking: Bool = false) throws(SystemError) -> UnixSocket {
    let address = try SocketAddress(path: path)
    let descriptor = FileDescriptor(owning: try call("create socket") { rnnd_unix_socket() })
    if nonBlocking { try descriptor.setNonBlocking(true) }
    let number = descriptor.descriptorNumber
    do {
      try call("connect to", path: path) { address.connect(number) }
    } catch .call(_, EISCONN, _) {
      // The attempt that a signal interrupted went through after all.
    }
    return UnixSocket(descriptor)
  }

  /// Two sockets connected to each other.
  package static func pair() throws(SystemError) -> Pair {
    var numbers: (Int32, Int32) = (-1, -1)
    try call("create socket pair") {
      unsafe withUnsafeMutablePointer(to: &numbers) { pair in
        unsafe pair.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe rnnd_socket_pair($0) }
      }
    }
    return Pair(
      first: UnixSocket(FileDescriptor(owning: numbers.0)), second: UnixSocket(FileDescriptor(owning: numbers.1)))
  }

  /// What `pair()` makes.
  package struct Pair: ~Copyable {
    package let first: UnixSocket
    package let second: UnixSocket

    /// Hands both ends out.
    package consuming func separate(_ take: (consuming UnixSocket, consuming UnixSocket) -> Void) {
      take(first, second)
    }
  }

  package borrowing func setNonBlocking(_ on: Bool) throws(SystemError) { try descriptor.setNonBlocking(on) }

  /// Reads once, up to `count` bytes, onto the end of `bytes`.
  package borrowing func read(
    atMost count: Int, appendingTo bytes: inout [UInt8]
  ) throws(SystemError) -> ReadOutcome {
    try descriptor.read(atMost: count, appendingTo: &bytes)
  }

  /// Writes once, as much as there is room for.
  ///
  /// - Throws: an error that `isDisconnection` when the other end is gone; there is no SIGPIPE.
  package borrowing func write(_ bytes: Span<UInt8>) throws(SystemError) -> WriteOutcome {
    let written = try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(SystemError) -> Int? in
      guard let base = buffer.baseAddress else { return 0 }
      return try callUnlessBlocking("write to socket") { unsafe rnnd_send(descriptorNumber, base, buffer.count) }
    }
    return written.map(WriteOutcome.bytes) ?? .wouldBlock
  }

  /// Waits until there is something to read; false when the time was over first. No time given: for ever.
  package borrowing func waitUntilReadable(timeoutMilliseconds: Int? = nil) throws(SystemError) -> Bool {
    try descriptor.waitUntilReadable(timeoutMilliseconds: timeoutMilliseconds)
  }

  /// Waits until there is room to write; false when the time was over first. No time given: for ever.
  package borrowing func waitUntilWritable(timeoutMilliseconds: Int? = nil) throws(SystemError) -> Bool {
    try descriptor.waitUntilWritable(timeoutMilliseconds: timeoutMilliseconds)
  }

  /// Tells the other end that nothing more will be sent, while it may still answer.
  package borrowing func shutdownWrite() throws(SystemError) {
    try call("half-close socket") { rnnd_shutdown_write(descriptorNumber) }
  }

  /// Who connected, or who listens.
  package borrowing func peerCredentials() throws(SystemError) -> PeerCredentials {
    var peer = rnnd_credentials()
    try call("ask for peer credentials") { unsafe rnnd_peer_credentials(descriptorNumber, &peer) }
    return PeerCredentials(processID: peer.process, userID: peer.user, groupID: peer.group)
  }

  /// Whether who connected was in a group at that moment, as the first or any other of its groups.
  package borrowing func peerIsMember(of groupID: UInt32) throws(SystemError) -> Bool {
    if try peerCredentials().groupID == groupID { return true }
    // As many as Linux allows anyone to be in.
    var groups = [gid_t](repeating: 0, count: 1 << 16)
    let number = descriptorNumber
    let count = try call("ask for peer groups") {
      unsafe groups.withUnsafeMutableBufferPointer {
        unsafe rnnd_peer_groups(number, $0.baseAddress, Int32($0.count))
      }
    }
    return groups.prefix(Int(count)).contains(groupID)
  }
}

/// A path as the kernel's socket calls take it.
struct SocketAddress {
  /// How many bytes a path may have: the address's field less its closing zero.
  static var pathByteLimit: Int { rnnd_address_path_limit() }

  private var address = sockaddr_un()

  init(path: String) throws(SystemError) {
    let bytes = Array(path.utf8)
    guard bytes.count <= Self.pathByteLimit else {
      throw .pathTooLong(path: path, byteCount: bytes.count, byteLimit: Self.pathByteLimit)
    }
    // An empty path would bind an abstract or random name, a zero within would end it early.
    guard !bytes.isEmpty, !bytes.contains(0) else { throw .call(operation: "use socket", errno: EINVAL, path: path) }
    unsafe path.withCString { _ = unsafe rnnd_address_fill(&address, $0, bytes.count) }
  }

  func connect(_ descriptor: Int32) -> Int32 {
    unsafe withUnsafePointer(to: address) { unsafe rnnd_connect(descriptor, $0) }
  }

  func bind(_ descriptor: Int32) -> Int32 {
    unsafe withUnsafePointer(to: address) { unsafe rnnd_bind(descriptor, $0) }
  }
}
