/// Memory that one thread of a team packs operands into. It grows to the largest size asked for and is then reused, so
/// that a steady training step allocates nothing.
final class Scratch {
  private var buffer = FloatBuffer(count: 0)
  private var ownBuffer = FloatBuffer(count: 0)
  private var sharedBuffer = FloatBuffer(count: 0)
  /// The number of the product that `ownBuffer` was filled for.
  private var ownProduct = 0

  /// Room for at least `count` numbers, whatever they are; good until the next call.
  func memory(count: Int) -> UnsafeMutablePointer<Float> { unsafe Self.memory(count: count, in: &buffer) }

  /// Room beside it, for what this thread lays out for all tasks that it does of one product.
  ///
  /// - Parameters:
  ///   - product: The product's number, positive and no other product's.
  ///   - fill: Is called if this thread has not done so for the product.
  func memory(
    count: Int, of product: Int, fill: (UnsafeMutablePointer<Float>) -> Void
  ) -> UnsafeMutablePointer<Float> {
    let memory = unsafe Self.memory(count: count, in: &ownBuffer)
    if ownProduct != product { unsafe fill(memory) }
    ownProduct = product
    return unsafe memory
  }

  /// Room beside both, for what this thread has its whole team lay out and read.
  func sharedMemory(count: Int) -> UnsafeMutablePointer<Float> { unsafe Self.memory(count: count, in: &sharedBuffer) }

  private static func memory(count: Int, in buffer: inout FloatBuffer) -> UnsafeMutablePointer<Float> {
    if count > buffer.count { buffer = FloatBuffer(count: count) }
    return unsafe buffer.base
  }
}
