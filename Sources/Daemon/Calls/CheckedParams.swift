package import JSON

/// Params that are as the table of calls says.
///
/// Arrays of whole numbers are in the form that calls work with. Of a long line they are converted where it is decoded:
/// to turn millions of values into numbers would hold the loop.
package struct CheckedParams: Sendable {
  /// All others.
  package internal(set) var members: JSONObject
  package internal(set) var integers: [String: [Int]] = [:]

  init(_ members: JSONObject) { self.members = members }
}
