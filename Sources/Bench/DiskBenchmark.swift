import System

/// What it costs at least to make a lesson durable: a short record, written behind the others, and waited for.
struct DiskBenchmark: ~Copyable {
  private let file: DiskDescriptor
  private var byteCount = 0

  private static let record = [UInt8](repeating: UInt8(ascii: "."), count: 200)

  init(directory: String) throws(BenchmarkError) {
    do {
      file = try DiskDescriptor(creating: FileSystem.join(directory, "appended"))
    } catch {
      throw .system(error)
    }
  }

  /// - Returns: microseconds for each of `count` records.
  mutating func time(count: Int) throws(BenchmarkError) -> Samples {
    var samples = Samples()
    do {
      for _ in 0..<count {
        let watch = Stopwatch()
        try file.write(Self.record.span, at: byteCount)
        try file.synchronize()
        samples.add(watch.microseconds)
        byteCount += Self.record.count
      }
    } catch {
      throw .system(error)
    }
    return samples
  }
}
