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
  /// - Parameter precision: What is multiplied; sums are single precision. Bfloat16 counts for something where
  ///   `ProductPrecision.hasFastBFloat16`.
  /// - Returns: GFLOP/s, a multiplication and an addition counted as two.
  package static func fusedMultiplyAdd(
    _ precision: ProductPrecision = .single, team: ThreadTeam, seconds: Double
  ) -> Double {
    let work = MultiplyAdds(precision: precision, rounds: 100_000)
    var count = 0.0
    let start = now
    repeat {
      team.run(work, count: team.threadCount, grain: 1)
      count += Double(team.threadCount * work.rounds)
    } while now - start < seconds
    return count * Double(work.operationsPerRound) / (now - start) / 1e9
  }

  /// Reading `byteCount` bytes again and again, each of a team's threads a part of its own.
  ///
  /// - Returns: GB/s of all threads together.
  package static func readBandwidth(byteCount: Int, team: ThreadTeam, seconds: Double) -> Double {
    let partCount = max(1, byteCount / 4 / team.threadCount / Reading.stepCount) * Reading.stepCount
    let values = FloatBuffer(count: partCount * team.threadCount).all
    values.fill(with: 1)
    // So many passes at once that waking the threads does not count.
    let reading = Reading(values: values, partCount: partCount, passes: max(1, (16 << 20) / (partCount * 4)))
    var bytes = 0.0
    let start = now
    repeat {
      team.run(reading, count: team.threadCount, grain: 1)
      bytes += Double(values.count * 4 * reading.passes)
    } while now - start < seconds
    return bytes / (now - start) / 1e9
  }

  private static var now: Double { Double(rnnd_monotonic_nanoseconds()) / 1e9 }
}

/// Sums of all numbers, each thread's part by itself, in eight registers so that only the memory is waited for.
private struct Reading: TeamWork {
  let values: Vector
  let partCount: Int
  let passes: Int

  /// How many numbers are read in one step.
  static let stepCount = 8 * laneCount

  func run(_ items: Range<Int>, scratch: Scratch) {
    for item in items {
      let range = item * partCount..<(item + 1) * partCount
      precondition(sum(range) > 0, "MachinePeak: nothing was read")
    }
  }

  @inline(never)
  private func sum(_ range: Range<Int>) -> Float {
    var sums = (
      Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero
    )
    // The sums go on from pass to pass, so that no pass can be left out.
    for _ in 0..<passes {
      for index in stride(from: range.lowerBound, to: range.upperBound, by: Self.stepCount) {
        unsafe sums.0 += values.start.lanes(at: index)
        unsafe sums.1 += values.start.lanes(at: index &+ 16)
        unsafe sums.2 += values.start.lanes(at: index &+ 32)
        unsafe sums.3 += values.start.lanes(at: index &+ 48)
        unsafe sums.4 += values.start.lanes(at: index &+ 64)
        unsafe sums.5 += values.start.lanes(at: index &+ 80)
        unsafe sums.6 += values.start.lanes(at: index &+ 96)
        unsafe sums.7 += values.start.lanes(at: index &+ 112)
      }
    }
    return (sums.0 + sums.1 + sums.2 + sums.3 + sums.4 + sums.5 + sums.6 + sums.7).sum()
  }
}

/// Multiply-adds in as many independent chains as keep the units busy: latency times units is at most ten, here twelve.
private struct MultiplyAdds: TeamWork {
  let precision: ProductPrecision
  let rounds: Int

  private static let chainCount = 12

  var operationsPerRound: Int { Self.chainCount * laneCount * (precision == .single ? 2 : 4) }

  func run(_ items: Range<Int>, scratch: Scratch) {
    for item in items {
      let start = Lanes(repeating: Float(item))
      let total =
        switch precision {
        case .single: singleChains(from: start)
        case .bfloat16: pairChains(from: start)
        }
      precondition(total.sum() != 0, "MachinePeak: nothing was computed")
    }
  }

  @inline(never)
  private func singleChains(from start: Lanes) -> Lanes {
    let factor = start * 1e-9 + 0.5
    var chains = InlineArray<12, Lanes>(repeating: start)
    for _ in 0..<rounds {
      for chain in chains.indices { chains[chain] = Lanes(repeating: 1).plusProduct(factor, chains[chain]) }
    }
    var total = Lanes.zero
    for chain in chains.indices { total += chains[chain] }
    return total
  }

  @inline(never)
  private func pairChains(from start: Lanes) -> Lanes {
    // Both numbers of each pair are 1.
    let ones = unsafe unsafeBitCast(SIMD16<UInt32>(repeating: 0x3F80_3F80), to: Lanes.self)
    var chains = InlineArray<12, Lanes>(repeating: start)
    for _ in 0..<rounds {
      for chain in chains.indices { chains[chain] = rnnd_add_pair_products(chains[chain], ones, ones) }
    }
    var total = Lanes.zero
    for chain in chains.indices { total += chains[chain] }
    return total
  }
}
