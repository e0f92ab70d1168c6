import CSystem
import Synchronization

/// A signal that the daemon reacts to.
package enum Signal: CaseIterable, Sendable {
  case terminate
  case interrupt
  case hangUp

  package var number: Int32 {
    switch self {
    case .terminate: SIGTERM
    case .interrupt: SIGINT
    case .hangUp: SIGHUP
    }
  }

  init?(number: Int32) {
    guard let signal = Signal.allCases.first(where: { $0.number == number }) else { return nil }
    self = signal
  }

  /// Makes writing to a closed pipe or socket an error instead of the process's end.
  package static func ignoreBrokenPipe() {
    _ = rnnd_ignore_signal(SIGPIPE)
  }
}

/// Turns signals into something that a poller can wait for.
///
/// A handler writes the signal's number into a pipe, so that it works whatever threads the process has and nothing is
/// inherited by the processes that it starts. (Linux's signalfd would want the signals blocked in every thread, those of
/// the Swift runtime included.) One watcher at a time; its end gives the signals their default effect back.
package final class SignalWatcher: Pollable, Sendable {
  private let signals: [Signal]
  private let channel: SignalChannel

  package var descriptorNumber: Int32 { channel.reading.descriptorNumber }

  /// Catches the given signals from now on.
  package init(_ signals: [Signal] = Signal.allCases) throws(SystemError) {
    channel = try SignalChannel.obtain()
    self.signals = signals
    for signal in signals {
      var action = sigaction()
      // An interrupted call is resumed by the system where it can be; the rest is made again by `call`.
      action.sa_flags = Int32(SA_RESTART)
      unsafe rnnd_set_handler(&action) { number in reportSignal(number) }
      try call("catch signal") { unsafe sigaction(signal.number, &action, nil) }
    }
  }

  deinit {
    for signal in signals { _ = rnnd_default_signal(signal.number) }
  }

  /// The signals that came since the last call, in order. Does not block.
  package func received() throws(SystemError) -> [Signal] {
    var numbers: [UInt8] = []
    _ = try channel.reading.read(atMost: 64, appendingTo: &numbers)
    return numbers.compactMap { Signal(number: Int32($0)) }
  }
}

/// The pipe between the handler and the watchers. It lives as long as the process, since a handler may be about to write
/// into it at any moment.
private final class SignalChannel: Sendable {
  let reading: FileDescriptor
  private let writing: FileDescriptor

  private static let shared = Monitor<SignalChannel?>(nil)

  private init() throws(SystemError) {
    let pipe = try Pipe()
    reading = try pipe.reading.duplicate()
    writing = try pipe.writing.duplicate()
    try reading.setNonBlocking(true)
    try writing.setNonBlocking(true)
  }

  static func obtain() throws(SystemError) -> SignalChannel {
    let found = shared.withLock { known -> Result<SignalChannel, SystemError> in
      if let known { return .success(known) }
      do throws(SystemError) {
        let channel = try SignalChannel()
        known = channel
        signalDescriptor.store(channel.writing.descriptorNumber, ordering: .releasing)
        return .success(channel)
      } catch {
        return .failure(error)
      }
    }
    return try found.get()
  }
}

/// Where the handler writes to. It is first touched before the first handler is installed, so that the handler does
/// nothing but load it.
private let signalDescriptor = Atomic<Int32>(-1)

/// The handler. Only what is allowed within one: a load and a write.
private func reportSignal(_ number: Int32) {
  let error = rnnd_errno()
  var byte = UInt8(truncatingIfNeeded: number)
  // A full pipe loses nothing that matters: the same signals are in it already.
  _ = unsafe rnnd_write(signalDescriptor.load(ordering: .acquiring), &byte, 1)
  rnnd_set_errno(error)
}
