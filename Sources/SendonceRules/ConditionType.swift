// What is known of a value before any event: the types of the CEL subset.

/// A static type. Payload fields are dynamic: their type is checked when an event is decided.
indirect enum ConditionType: Equatable {
    case dynamic
    case null
    case bool
    /// Integers and doubles compare with each other by their mathematical value.
    case number
    case string
    case list([ConditionType])

    var words: String {
        switch self {
        case .dynamic: "a field"
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a text"
        case .list: "a list"
        }
    }

    /// Whether values of the two types can be asked to be equal. Null can be compared with everything.
    func canEqual(_ other: ConditionType) -> Bool {
        switch (self, other) {
        case (.dynamic, _), (_, .dynamic), (.null, _), (_, .null), (.list, .list): true
        default: self == other
        }
    }

    /// Whether values of the two types have an order.
    func canOrder(_ other: ConditionType) -> Bool {
        let ordered: [ConditionType] = [.bool, .number, .string]
        if self == .dynamic { return other == .dynamic || ordered.contains(other) }
        if other == .dynamic { return ordered.contains(self) }
        return self == other && ordered.contains(self)
    }

    func isOr(_ type: ConditionType) -> Bool { self == type || self == .dynamic }
}
