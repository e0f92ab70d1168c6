import CSystem

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The processor's own limits, measured: what kernels are held against.
package enum MachinePeak {
  /// How many processors are online.
  package static let coreCount = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

  /// Fused multiply-adds of registers with registers, on all of a team's threads at once.
  ///
  /// - Returns: GFLOP/s, a multiplication and an addition counted as two.
  package static func fusedMultiplyAdd(team: ThreadTeam, seconds: Double) -> Double {
    let rounds = 20_000
    let work = FusedMultiplyAdds(rounds: rounds)
    let portions = team.threadCount
    var count = 0.0
    let start = now
    repeat {
      team.run(work, count: portions, grain: 1)
      count += Double(portions * rounds)
    } while now - start < seconds
    return count * Double(FusedMultiplyAdds.operationsPerRound) / (now - start) / 1e9
  }

  /// Reading `byteCount` bytes again and again on one core.
  ///
  /// - Returns: GB/s.
  package static func readBandwidth(byteCount: Int, seconds: Double) -> Double {
    let values = FloatBuffer(count: max(byteCount / 4, 128)).vector(at: 0, count: max(byteCount / 4, 128) / 128 * 128)
    values.fill(with: 1)
    var bytes = 0.0
    var total: Float = 0
    let start = now
    repeat {
      total += read(values)
      bytes += Double(values.count * 4)
    } while now - start < seconds
    precondition(total > 0, "MachinePeak: nothing was read")
    return bytes / (now - start) / 1e9
  }

  /// The sum of all numbers, in eight registers so that only the memory is waited for.
  private static func read(_ values: Vector) -> Float {
    var sums = (
      Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero
    )
    for index in stride(from: 0, to: values.count, by: 8 * laneCount) {
      unsafe sums.0 += values.start.lanes(at: index)
      unsafe sums.1 += values.start.lanes(at: index &+ 16)
      unsafe sums.2 += values.start.lanes(at: index &+ 32)
      unsafe sums.3 += values.start.lanes(at: index &+ 48)
      unsafe sums.4 += values.start.lanes(at: index &+ 64)
      unsafe sums.5 += values.start.lanes(at: index &+ 80)
      unsafe sums.6 += values.start.lanes(at: index &+ 96)
      unsafe sums.7 += values.start.lanes(at: index &+ 112)
    }
    return (sums.0 + sums.1 + sums.2 + sums.3 + sums.4 + sums.5 + sums.6 + sums.7).sum()
  }

  private static var now: Double { Double(rnnd_monotonic_nanoseconds()) / 1e9 }
}

/// Multiply-adds in as many independent chains as keep the units busy: latency times units is at most ten, here twelve.
private struct FusedMultiplyAdds: TeamWork {
  let rounds: Int

  static let operationsPerRound = 12 * laneCount * 2

  func run(_ items: Range<Int>, scratch: Scratch) {
    for item in items { precondition(chains(from: Float(item)) != 0, "MachinePeak: nothing was computed") }
  }

  @inline(never)
  private func chains(from start: Float) -> Float {
    let factor = Lanes(repeating: 0.5 + start * 1e-9)
    let term = Lanes(repeating: 1)
    var a = Lanes(repeating: start)
    var (b, c, d, e, f) = (a + 1, a + 2, a + 3, a + 4, a + 5)
    var (g, h, i, j, k, l) = (a + 6, a + 7, a + 8, a + 9, a + 10, a + 11)
    for _ in 0..<rounds {
      a = term.plusProduct(factor, a)
      b = term.plusProduct(factor, b)
      c = term.plusProduct(factor, c)
      d = term.plusProduct(factor, d)
      e = term.plusProduct(factor, e)
      f = term.plusProduct(factor, f)
      g = term.plusProduct(factor, g)
      h = term.plusProduct(factor, h)
      i = term.plusProduct(factor, i)
      j = term.plusProduct(factor, j)
      k = term.plusProduct(factor, k)
      l = term.plusProduct(factor, l)
    }
    return (a + b + c + d + e + f + g + h + i + j + k + l).sum()
  }
}
