/// The fields of two enumerations together, for bodies that share some of their fields.
enum EitherField<First, Second>: RawRepresentable, CaseIterable, Hashable
where
  First: RawRepresentable & CaseIterable & Hashable, First.RawValue == String,
  Second: RawRepresentable & CaseIterable & Hashable, Second.RawValue == String
{
  case first(First)
  case second(Second)

  init?(rawValue: String) {
    if let field = First(rawValue: rawValue) {
      self = .first(field)
    } else if let field = Second(rawValue: rawValue) {
      self = .second(field)
    } else {
      return nil
    }
  }

  var rawValue: String {
    switch self {
    case .first(let field): field.rawValue
    case .second(let field): field.rawValue
    }
  }

  static var allCases: [EitherField] {
    First.allCases.map { .first($0) } + Second.allCases.map { .second($0) }
  }
}
