import CSystem

// The one place that knows EINTR and would-block.

/// Makes a system call, again as long as a signal interrupts it.
///
/// - Returns: the call's result, 0 or more.
/// - Throws: `SystemError.call` when the call answers with less than 0.
@inline(__always)
@discardableResult
func call<Result: SignedInteger>(
  _ operation: @autoclosure () -> String, path: @autoclosure () -> String? = nil, _ body: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    let error = rnnd_errno()
    if error != EINTR { throw .call(operation: operation(), errno: error, path: path()) }
  }
}

/// As `call`, for a descriptor that may not be ready: nil when the call would block.
@inline(__always)
func callUnlessBlocking<Result: SignedInteger>(
  _ operation: @autoclosure () -> String, path: @autoclosure () -> String? = nil, _ body: () -> Result
) throws(SystemError) -> Result? {
  while true {
    let result = body()
    if result >= 0 { return result }
    let error = rnnd_errno()
    if error == EAGAIN || error == EWOULDBLOCK { return nil }
    if error != EINTR { throw .call(operation: operation(), errno: error, path: path()) }
  }
}

/// As `call`, for the functions that return an error number instead of setting it.
@inline(__always)
func callReturningError(_ operation: @autoclosure () -> String, _ body: () -> Int32) throws(SystemError) {
  while true {
    let error = body()
    if error == 0 { return }
    if error != EINTR { throw .call(operation: operation(), errno: error, path: nil) }
  }
}
