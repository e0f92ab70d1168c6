/// Memory that one thread of a team packs operands into. It grows to the largest size asked for and is then reused, so
/// that a steady training step allocates nothing.
final class Scratch {
  private var buffer = FloatBuffer(count: 0)

  /// Room for at least `count` numbers, whatever they are; good until the next call.
  func memory(count: Int) -> UnsafeMutablePointer<Float> {
    if count > buffer.count { buffer = FloatBuffer(count: count) }
    return unsafe buffer.base
  }
}
