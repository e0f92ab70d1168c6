import Kernels
import System

/// What the figures were measured on.
package struct Machine: Equatable, Sendable {
  /// As the system names it; nil where it does not.
  package let processor: String?
  package let coreCount: Int

  /// This one.
  package static func current() -> Machine {
    Machine(
      processor: (try? FileSystem.readFile("/proc/cpuinfo", byteLimit: 1 << 22)).flatMap(processorName),
      coreCount: MachinePeak.coreCount)
  }

  /// The first processor's name in Linux's list of them.
  static func processorName(in list: [UInt8]) -> String? {
    for line in list.split(separator: UInt8(ascii: "\n")) {
      let text = String(decoding: line, as: UTF8.self)
      guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
      return String(text[text.index(after: colon)...].drop { $0 == " " })
    }
    return nil
  }
}
