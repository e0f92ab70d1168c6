import Testing

@testable import Kernels

@Suite("The random number generator")
struct SplitMix64Tests {
  @Test("the first numbers of seed 0 are the published ones")
  func published() {
    var generator = SplitMix64(seed: 0)
    #expect(generator.next() == 0xE220_A839_7B1D_CDAF)
    #expect(generator.next() == 0x6E78_9E6A_A1B9_65F4)
  }

  @Test("uniform numbers lie in their range and spread over it")
  func uniform() {
    var generator = SplitMix64(seed: 7)
    var total = 0.0
    for _ in 0..<10_000 {
      let number = generator.nextUniform(within: 0.1)
      #expect(number >= -0.1 && number < 0.1)
      total += Double(number)
    }
    #expect(abs(total / 10_000) < 0.003)
  }

  @Test("a generator that begins with a saved state goes on where it stopped")
  func resumes() {
    var generator = SplitMix64(seed: 7)
    _ = generator.next()
    var resumed = SplitMix64(seed: generator.state)
    #expect(resumed.next() == generator.next())
  }
}
