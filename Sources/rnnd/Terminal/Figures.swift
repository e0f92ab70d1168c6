#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Numbers as people read them.
enum Figures {
  /// A number with so many digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return value.description }
    let scale = (0..<digits).reduce(1.0) { power, _ in power * 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 9e15 else { return value.description }
    let whole = Int(scaled)
    let sign = value < 0 && whole > 0 ? "-" : ""
    if digits == 0 { return sign + String(whole) }
    let unit = Int(scale)
    let fraction = String(whole % unit)
    return sign + String(whole / unit) + "." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// A number to about four digits, whatever its size: `0.0312`, `12.35`, `1543`, `3.1e-07`.
  static func short(_ value: Double) -> String {
    let size = value.magnitude
    if size == 0 { return "0" }
    if !size.isFinite { return value.description }
    if size < 1e-3 || size >= 1e7 { return scientific(value) }
    return fixed(value, size < 1 ? 4 : size < 100 ? 2 : size < 1000 ? 1 : 0)
  }

  /// `3.1e-07`
  static func scientific(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : value.description }
    var exponent = Int(log10(value.magnitude).rounded(.down))
    var mantissa = value / pow(10, Double(exponent))
    if mantissa.magnitude >= 9.95 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    let digits = String(exponent.magnitude)
    return fixed(mantissa, 1) + "e" + (exponent < 0 ? "-" : "+") + (digits.count < 2 ? "0" : "") + digits
  }

  /// `1,234,567`
  static func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var result = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return result
  }

  /// `12.3 MB`
  static func bytes(_ count: Int) -> String {
    if count < 1000 { return "\(count) B" }
    var value = Double(count)
    for unit in ["kB", "MB", "GB"] {
      value /= 1000
      if value < 999.5 { return fixed(value, value < 10 ? 1 : 0) + " " + unit }
    }
    return fixed(value / 1000, 1) + " TB"
  }

  /// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 days 4 h`
  static func duration(seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e12 else { return "?" }
    if seconds < 10 { return fixed(max(0, seconds), 1) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min" + (whole % 60 > 0 ? " \(whole % 60) s" : "") }
    if whole < 86_400 { return "\(whole / 3600) h" + (whole / 60 % 60 > 0 ? " \(whole / 60 % 60) min" : "") }
    let days = whole / 86_400
    return "\(days) day" + (days == 1 ? "" : "s") + (whole / 3600 % 24 > 0 ? " \(whole / 3600 % 24) h" : "")
  }

  /// `37 µs`, `1.2 ms`, `3.4 s`
  static func latency(microseconds: Double) -> String {
    if microseconds < 999.5 { return fixed(microseconds, microseconds < 9.95 ? 1 : 0) + " µs" }
    if microseconds < 999_500 { return fixed(microseconds / 1000, microseconds < 9950 ? 1 : 0) + " ms" }
    return duration(seconds: microseconds / 1e6)
  }

  static func exponential(_ value: Double) -> Double { exp(value) }

  /// `62.1%`
  static func percent(_ fraction: Double) -> String {
    fraction > 0 && fraction < 0.0005 ? "<0.1%" : fixed(fraction * 100, 1) + "%"
  }
}
