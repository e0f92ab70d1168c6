#if os(Linux)
  import CSystem

  /// A poller over Linux's epoll: the cost of a wait does not depend on how many descriptors are watched.
  package final class EpollPoller: DescriptorPolling, Pollable {
    private let descriptor: FileDescriptor

    package var descriptorNumber: Int32 { descriptor.descriptorNumber }

    package init() throws(SystemError) {
      descriptor = FileDescriptor(owning: try call("create poller") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
    }

    package func register(
      _ pollable: borrowing some Pollable & ~Copyable, token: Int, interest: PollInterest
    ) throws(SystemError) {
      try control(EPOLL_CTL_ADD, pollable.descriptorNumber, token: token, interest: interest)
    }

    package func modify(
      _ pollable: borrowing some Pollable & ~Copyable, token: Int, interest: PollInterest
    ) throws(SystemError) {
      try control(EPOLL_CTL_MOD, pollable.descriptorNumber, token: token, interest: interest)
    }

    package func remove(_ pollable: borrowing some Pollable & ~Copyable) throws(SystemError) {
      try control(EPOLL_CTL_DEL, pollable.descriptorNumber, token: 0, interest: [])
    }

    private func control(
      _ operation: Int32, _ number: Int32, token: Int, interest: PollInterest
    ) throws(SystemError) {
      var wanted: UInt32 = 0
      if interest.contains(.readable) { wanted |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
      if interest.contains(.writable) { wanted |= EPOLLOUT.rawValue }
      try call("watch descriptor") {
        rnnd_epoll_control(descriptorNumber, operation, number, wanted, UInt64(bitPattern: Int64(token)))
      }
    }

    package func wait(timeoutMilliseconds: Int32?, into events: inout [PollEvent]) throws(SystemError) {
      events.removeAll(keepingCapacity: true)
      let number = descriptorNumber
      // What does not fit is reported by the next wait.
      let failure = unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { buffer -> SystemError? in
        let count = unsafe epoll_wait(number, buffer.baseAddress, Int32(buffer.count), timeoutMilliseconds ?? -1)
        guard count >= 0 else { return rnnd_errno() == EINTR ? nil : .last("wait for events") }
        for index in 0..<Int(count) {
          let event = unsafe buffer[index]
          let token = unsafe Int(Int64(bitPattern: event.data.u64))
          events.append(unsafe PollEvent(token: token, conditions: Self.conditions(from: event.events)))
        }
        return nil
      }
      if let failure { throw failure }
    }

    private static func conditions(from events: UInt32) -> PollConditions {
      var conditions: PollConditions = []
      if events & EPOLLIN.rawValue != 0 { conditions.insert(.readable) }
      if events & EPOLLOUT.rawValue != 0 { conditions.insert(.writable) }
      if events & EPOLLRDHUP.rawValue != 0 { conditions.insert(.peerClosedWriting) }
      if events & EPOLLHUP.rawValue != 0 { conditions.insert(.hangUp) }
      if events & EPOLLERR.rawValue != 0 { conditions.insert(.failed) }
      return conditions
    }
  }
#endif
