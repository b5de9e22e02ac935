// What a condition says of one event, with the semantics of CEL.
//
// A field that is not there is an error, and so is a comparison of different types, but for three: integers
// and doubles compare by their mathematical value, null equals null alone and may be compared with
// everything, and an integer beyond 64 bits or a number beyond a double has no value here. `false && error`
// is false and `true || error` is true, on either side; every other use of an error is an error, and an error
// sends nothing.

/// Why a condition has no answer. The decision is `condition_false` with this as its detail: nothing is sent
/// on a guess.
package struct ConditionError: Error, Hashable, Sendable {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension Condition {
    /// Whether the condition is true of the event that the reader holds.
    func holds(in reader: EventReader) -> Result<Bool, ConditionError> {
        holds { reader.value($0) }
    }

    /// Whether the condition is true of the fields that the function finds; nil is a field that is not there.
    package func holds(_ field: (FieldReference) -> JSONValue?) -> Result<Bool, ConditionError> {
        do {
            return .success(try bool(field))
        } catch {
            return .failure(error)
        }
    }

    private typealias Find = (FieldReference) -> JSONValue?

    private func bool(_ field: Find) throws(ConditionError) -> Bool {
        switch self {
        case .and(let left, let right): return try joined(left, right, decisive: false, field)
        case .or(let left, let right): return try joined(left, right, decisive: true, field)
        case .not(let inner): return try !inner.bool(field)
        case .has(let reference, let parent):
            if let parent {
                switch field(parent) {
                case nil: throw ConditionError("\(parent.path) is missing")
                case .object: break
                case .some: throw ConditionError("\(parent.path) has no members")
                }
            }
            return field(reference) != nil
        case .comparison(.equal, let left, let right):
            return try left.value(field).equals(right.value(field))
        case .comparison(.notEqual, let left, let right):
            return try !left.value(field).equals(right.value(field))
        case .comparison(let comparison, let left, let right):
            return try comparison.holds(left.value(field), right.value(field))
        case .contained(let element, let container):
            return try element.value(field).isContained(in: container.value(field))
        case .text(let test, let whole, let part):
            return try test.holds(whole.value(field), part.value(field))
        case .literal, .field, .list, .negative, .size:
            guard case .bool(let value) = try value(field) else {
                throw ConditionError("\(words) is not true or false")
            }
            return value
        }
    }

    /// `&&` and `||`: one decisive side decides, whatever the other is.
    private func joined(
        _ left: Condition, _ right: Condition, decisive: Bool, _ field: Find
    ) throws(ConditionError) -> Bool {
        let first: Bool
        do {
            first = try left.bool(field)
        } catch {
            guard case .success(decisive) = right.holds(field) else { throw error }
            return decisive
        }
        return try first == decisive ? decisive : right.bool(field)
    }

    private func value(_ field: Find) throws(ConditionError) -> ConditionValue {
        switch self {
        case .literal(let value): return value
        case .field(let reference):
            guard let found = field(reference) else { throw ConditionError("\(reference.path) is missing") }
            guard let value = ConditionValue(found) else {
                throw ConditionError("\(reference.path) holds a number beyond 64 bits")
            }
            return value
        case .list(let items):
            var values: [ConditionValue] = []
            for item in items { values.append(try item.value(field)) }
            return .list(values)
        case .negative(let inner):
            switch try inner.value(field) {
            case .integer(let value):
                guard value != .min else { throw ConditionError("-\(inner.words) is beyond 64 bits") }
                return .integer(-value)
            case .double(let value): return .double(-value)
            default: throw ConditionError("\(inner.words) is not a number")
            }
        case .size(let inner):
            switch try inner.value(field) {
            case .string(let text): return .integer(Int64(text.string.unicodeScalars.count))
            case .list(let items): return .integer(Int64(items.count))
            case .object(let members): return .integer(Int64(members.count))
            default: throw ConditionError("\(inner.words) has no size")
            }
        case .has, .not, .and, .or, .comparison, .contained, .text: return .bool(try bool(field))
        }
    }

    /// What errors call this part: its path if it is a field.
    private var words: String {
        if case .field(let reference) = self { return reference.path.description }
        return "a part of the condition"
    }
}
