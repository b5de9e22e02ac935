// `when`: a typed subset of CEL. Parsing and type checking live in `SendonceRules`; this is the checked form.

/// An expression over an event's fields.
package indirect enum Condition: Hashable, Sendable {
    case literal(ConditionValue)
    case field(FieldReference)
    /// Whether the field is there; an absent parent is an error, as CEL has it.
    case has(FieldReference, parent: FieldReference?)
    case list([Condition])
    case not(Condition)
    case negative(Condition)
    case and(Condition, Condition)
    case or(Condition, Condition)
    case comparison(Comparison, Condition, Condition)
    case contained(Condition, in: Condition)
    case size(Condition)
    case text(TextTest, Condition, Condition)

    package enum Comparison: String, Hashable, Sendable, CaseIterable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    package enum TextTest: String, Hashable, Sendable, CaseIterable {
        case startsWith, endsWith, contains
    }
}

/// A value while a condition is evaluated.
package enum ConditionValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(Text)
    case list([ConditionValue])
    case object([JSONMember])
}
