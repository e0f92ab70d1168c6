import Testing

@testable import Daemon

@Suite("Timestamps of the log")
struct TimestampTests {
  @Test(
    "are written as ISO 8601 has them",
    arguments: [
      (0.0, "1970-01-01T00:00:00.000Z"), (951_782_400.5, "2000-02-29T00:00:00.500Z"),
      (1_709_251_199.999, "2024-02-29T23:59:59.999Z"), (4_107_542_399, "2100-02-28T23:59:59.000Z"),
      (4_107_542_400, "2100-03-01T00:00:00.000Z"), (-1, "1970-01-01T00:00:00.000Z"),
    ])
  func iso(seconds: Double, expected: String) {
    #expect(Timestamp(secondsSince1970: seconds).description == expected)
  }
}
