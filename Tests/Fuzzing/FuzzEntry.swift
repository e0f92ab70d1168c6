#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The target that `RNND_FUZZ_TARGET` names.
private let target: FuzzTarget? = {
  guard let name = unsafe getenv("RNND_FUZZ_TARGET") else { return nil }
  return FuzzTarget(rawValue: unsafe String(cString: name))
}()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  precondition(target != nil, "RNND_FUZZ_TARGET names no target: \(FuzzTarget.allCases.map(\.rawValue))")
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  if let violation = target?.violation(bytes) { preconditionFailure(violation) }
  return 0
}
