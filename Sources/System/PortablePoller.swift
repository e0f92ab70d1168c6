import CSystem

/// A poller over POSIX `poll`, for systems without epoll. The cost of a wait grows with the number of descriptors.
///
/// What another thread changes during a wait counts from the next one; a `Waker` among the descriptors brings it about.
package final class PortablePoller: DescriptorPolling {
  private struct Registration {
    let token: Int
    let interest: PollInterest
  }

  private let registrations = Monitor<[Int32: Registration]>([:])

  package init() throws(SystemError) {}

  package func register(
    _ pollable: borrowing some Pollable & ~Copyable, token: Int, interest: PollInterest
  ) throws(SystemError) {
    let number = pollable.descriptorNumber
    let isNew = registrations.withLock { known in
      guard known[number] == nil else { return false }
      known[number] = Registration(token: token, interest: interest)
      return true
    }
    if !isNew { throw .call(operation: "watch descriptor", errno: EEXIST, path: nil) }
  }

  package func modify(
    _ pollable: borrowing some Pollable & ~Copyable, token: Int, interest: PollInterest
  ) throws(SystemError) {
    let number = pollable.descriptorNumber
    let isKnown = registrations.withLock { known in
      guard known[number] != nil else { return false }
      known[number] = Registration(token: token, interest: interest)
      return true
    }
    if !isKnown { throw .call(operation: "watch descriptor", errno: ENOENT, path: nil) }
  }

  package func remove(_ pollable: borrowing some Pollable & ~Copyable) throws(SystemError) {
    let number = pollable.descriptorNumber
    let isKnown = registrations.withLock { $0.removeValue(forKey: number) != nil }
    if !isKnown { throw .call(operation: "watch descriptor", errno: ENOENT, path: nil) }
  }

  package func wait(timeoutMilliseconds: Int32?, into events: inout [PollEvent]) throws(SystemError) {
    events.removeAll(keepingCapacity: true)
    let known = registrations.withLock { $0.map { (number: $0.key, registration: $0.value) } }
    var entries = known.map { pollfd(fd: $0.number, events: Self.flags(for: $0.registration.interest), revents: 0) }
    let count = unsafe entries.withUnsafeMutableBufferPointer { buffer in
      unsafe poll(buffer.baseAddress, nfds_t(buffer.count), timeoutMilliseconds ?? -1)
    }
    if count < 0, rnnd_errno() != EINTR { throw .last("wait for events") }
    guard count > 0 else { return }
    for (entry, (_, registration)) in zip(entries, known) where entry.revents != 0 {
      events.append(PollEvent(token: registration.token, conditions: Self.conditions(from: entry.revents)))
    }
  }

  private static func flags(for interest: PollInterest) -> Int16 {
    (interest.contains(.readable) ? Int16(POLLIN) : 0) | (interest.contains(.writable) ? Int16(POLLOUT) : 0)
  }

  private static func conditions(from flags: Int16) -> PollConditions {
    var conditions: PollConditions = []
    if flags & Int16(POLLIN) != 0 { conditions.insert(.readable) }
    if flags & Int16(POLLOUT) != 0 { conditions.insert(.writable) }
    if flags & Int16(POLLHUP) != 0 { conditions.insert(.hangUp) }
    if flags & Int16(POLLERR | POLLNVAL) != 0 { conditions.insert(.failed) }
    return conditions
  }
}
