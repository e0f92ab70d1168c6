/// What of a descriptor is waited for. Hang-ups and failures are always reported, also with no interest at all.
package struct PollInterest: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Something to read, or that the other end will send no more.
  package static let readable = PollInterest(rawValue: 1)
  /// Room to write.
  package static let writable = PollInterest(rawValue: 2)
}

/// What holds of a descriptor.
package struct PollConditions: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let readable = PollConditions(rawValue: 1)
  package static let writable = PollConditions(rawValue: 2)
  /// The other end has said that it will send no more; it may still read. Told only to who waits for `.readable`, and
  /// only where the system tells it (Linux): a read that finds the end of the file says the same everywhere.
  package static let peerClosedWriting = PollConditions(rawValue: 4)
  /// Nothing can go either way any more. It is reported again and again until the descriptor is removed.
  package static let hangUp = PollConditions(rawValue: 8)
  /// Something failed; the next read or write says what.
  package static let failed = PollConditions(rawValue: 16)
}

/// A descriptor about which there is news.
package struct PollEvent: Equatable, Sendable {
  /// What the descriptor was registered under.
  package let token: Int
  package let conditions: PollConditions
}

/// Waits for many descriptors at once. Level-triggered: what is not dealt with is reported again.
///
/// Descriptors may be registered, changed and removed by any thread, also while another waits. Every descriptor is
/// registered at most once, and removed before it is closed.
package protocol DescriptorPolling: AnyObject, Sendable {
  /// - Throws: an error that `isOutOfDescriptors` when the system has no room for another.
  init() throws(SystemError)

  /// Watches a descriptor under a token of the caller's choice.
  func register(_ pollable: borrowing some Pollable & ~Copyable, token: Int, interest: PollInterest) throws(SystemError)
  /// Changes what of a watched descriptor is waited for.
  func modify(_ pollable: borrowing some Pollable & ~Copyable, token: Int, interest: PollInterest) throws(SystemError)
  /// Watches a descriptor no longer.
  func remove(_ pollable: borrowing some Pollable & ~Copyable) throws(SystemError)

  /// Waits until there is news, and replaces the content of `events` by it. An interrupted wait has none.
  ///
  /// - Parameter timeoutMilliseconds: how long to wait at most; 0 only looks, nil waits for ever.
  func wait(timeoutMilliseconds: Int32?, into events: inout [PollEvent]) throws(SystemError)
}

#if os(Linux)
  package typealias Poller = EpollPoller
#else
  package typealias Poller = PortablePoller
#endif
