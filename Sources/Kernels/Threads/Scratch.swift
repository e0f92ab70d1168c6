/// Memory that one thread of a team packs operands into. It grows to the largest size asked for and is then reused, so
/// that a steady training step allocates nothing.
final class Scratch {
  private var buffer = FloatBuffer(count: 0)
  private var sharedBuffer = FloatBuffer(count: 0)

  /// Room for at least `count` numbers, whatever they are; good until the next call.
  func memory(count: Int) -> UnsafeMutablePointer<Float> { unsafe Self.memory(count: count, in: &buffer) }

  /// Room beside it, for what this thread has its whole team lay out and read.
  func sharedMemory(count: Int) -> UnsafeMutablePointer<Float> { unsafe Self.memory(count: count, in: &sharedBuffer) }

  private static func memory(count: Int, in buffer: inout FloatBuffer) -> UnsafeMutablePointer<Float> {
    if count > buffer.count { buffer = FloatBuffer(count: count) }
    return unsafe buffer.base
  }
}
