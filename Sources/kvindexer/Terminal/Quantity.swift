import Foundation

/// Numbers as people read them; what is not known is a dash.
enum Quantity {
  static let unknown = "-"

  /// A whole number in groups of three digits.
  static func count(_ value: Int?) -> String {
    guard let value else { return unknown }
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// The same with its sign; zero has none.
  static func difference(_ value: Int?) -> String {
    guard let value, value > 0 else { return count(value) }
    return "+" + count(value)
  }

  /// A number with so many decimals.
  static func fixed(_ value: Double, digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  /// A number with one decimal, where it is small enough for that to matter.
  static func decimal(_ value: Double?) -> String {
    guard let value else { return unknown }
    guard abs(value) >= 1000 else { return String(format: "%.1f", value) }
    return count(Int(value.rounded()))
  }

  /// A part of a whole in percent; a dash where there is no whole.
  static func share(_ part: Int?, of whole: Int?) -> String {
    guard let part, let whole, whole > 0 else { return unknown }
    return String(format: "%.1f %%", 100 * Double(part) / Double(whole))
  }

  /// Bytes in the largest unit that leaves a whole part.
  static func bytes(_ value: Int?) -> String {
    guard let value else { return unknown }
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var size = Double(value)
    var unit = 0
    while size >= 1024, unit + 1 < units.count {
      size /= 1024
      unit += 1
    }
    return unit == 0 ? "\(value) B" : String(format: "%.1f %@", size, units[unit])
  }

  /// A length of time in at most two units.
  static func seconds(_ value: Double?) -> String {
    guard let value else { return unknown }
    switch value {
    case ..<0.9995: return "\(Int((value * 1000).rounded())) ms"
    case ..<59.95: return String(format: "%.1f s", value)
    default: break
    }
    let whole = Int(value.rounded())
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60)
    if days > 0 { return "\(days) d \(hours) h" }
    if hours > 0 { return "\(hours) h \(minutes) min" }
    return "\(minutes) min \(whole % 60) s"
  }

  /// The time of day of a moment in Unix seconds, in UTC as the logs have it.
  static func timeOfDay(_ time: Double) -> String {
    let milliseconds = Int((time * 1000).rounded())
    let second = milliseconds / 1000 % 86_400
    return String(
      format: "%02d:%02d:%02d.%03d", second / 3600, second / 60 % 60, second % 60,
      milliseconds % 1000)
  }

  /// A bar whose filled part is a share of `columns`; empty where the share is not known.
  static func bar(_ part: Int?, of whole: Int?, columns: Int) -> String {
    guard let part, let whole, whole > 0 else { return "" }
    let eighths = Int((Double(min(part, whole)) / Double(whole) * Double(columns * 8)).rounded())
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    let filled = String(repeating: "█", count: eighths / 8) + partial
    return filled + String(repeating: "░", count: columns - filled.count)
  }
}
