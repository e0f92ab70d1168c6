import Foundation
import Testing

@testable import Daemon

@Suite("The reference page")
struct ReferenceTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Daemon/Daemon.docc/Calls.md").standardizedFileURL

  /// `RNND_UPDATE_REFERENCE=1 swift test --filter ReferenceTests` writes the page anew after a change of the table.
  @Test("says what the table of calls says")
  func reference() throws {
    if ProcessInfo.processInfo.environment["RNND_UPDATE_REFERENCE"] != nil {
      try CallTable.reference.write(to: Self.page, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: Self.page, encoding: .utf8) == CallTable.reference)
  }
}
