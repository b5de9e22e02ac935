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

extension ConditionValue {
    /// nil where the value is a number that neither 64 bits nor a double can hold, anywhere inside.
    init?(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let digits):
            guard let value = Int64(digits) else { return nil }
            self = .integer(value)
        case .number(let digits):
            guard let value = Double(digits), value.isFinite else { return nil }
            self = .double(value)
        case .string(let text): self = .string(text)
        case .array(let elements):
            var values: [ConditionValue] = []
            for element in elements {
                guard let value = ConditionValue(element) else { return nil }
                values.append(value)
            }
            self = .list(values)
        case .object(let members): self = .object(members)
        }
    }

    private var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .double: "a number"
        case .string: "a text"
        case .list: "a list"
        case .object: "an object"
        }
    }

    fileprivate func equals(_ other: ConditionValue) throws(ConditionError) -> Bool {
        switch (self, other) {
        case (.null, .null): return true
        case (.null, _), (_, .null): return false
        case (.bool(let left), .bool(let right)): return left == right
        case (.string(let left), .string(let right)): return left == right
        case (.list(let left), .list(let right)):
            guard left.count == right.count else { return false }
            return try ConditionValue.allEqual(Array(zip(left, right)))
        case (.object(let left), .object(let right)): return try ConditionValue.equal(left, right)
        case (.integer, .integer), (.integer, .double), (.double, .integer), (.double, .double):
            return try order(other) == .same
        default: throw ConditionError("\(kind) cannot be compared with \(other.kind)")
        }
    }

    /// Different wins over an error, as in `&&`.
    private static func allEqual(_ pairs: [(ConditionValue, ConditionValue)]) throws(ConditionError) -> Bool {
        var failure: ConditionError?
        for (left, right) in pairs {
            do {
                if try !left.equals(right) { return false }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return true
    }

    private static func equal(_ left: [JSONMember], _ right: [JSONMember]) throws(ConditionError) -> Bool {
        guard left.count == right.count else { return false }
        var pairs: [(ConditionValue, ConditionValue)] = []
        for member in left {
            guard let other = right.first(where: { $0.name == member.name }) else { return false }
            guard let first = ConditionValue(member.value), let second = ConditionValue(other.value) else {
                throw ConditionError("\(member.name) holds a number beyond 64 bits")
            }
            pairs.append((first, second))
        }
        return try allEqual(pairs)
    }

    /// Found wins over an error, as in `||`.
    fileprivate func isContained(in container: ConditionValue) throws(ConditionError) -> Bool {
        switch container {
        case .list(let items):
            var failure: ConditionError?
            for item in items {
                do {
                    if try equals(item) { return true }
                } catch {
                    failure = failure ?? error
                }
            }
            if let failure { throw failure }
            return false
        case .object(let members):
            guard case .string(let name) = self else {
                throw ConditionError("\(kind) cannot be the name of a member")
            }
            return members.contains { $0.name == name }
        default: throw ConditionError("\"in\" cannot look into \(container.kind)")
        }
    }

    fileprivate enum Order {
        case before, same, after

        init<Value: Comparable>(_ left: Value, _ right: Value) {
            self = left == right ? .same : left < right ? .before : .after
        }
    }

    fileprivate func order(_ other: ConditionValue) throws(ConditionError) -> Order {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): return Order(left, right)
        case (.double(let left), .double(let right)): return Order(left, right)
        case (.integer(let left), .double(let right)): return ConditionValue.order(left, right)
        case (.double(let left), .integer(let right)):
            switch ConditionValue.order(right, left) {
            case .before: return .after
            case .same: return .same
            case .after: return .before
            }
        // The order of UTF-8 bytes is the order of code points.
        case (.string(let left), .string(let right)): return Order(left, right)
        case (.bool(let left), .bool(let right)): return Order(left ? 1 : 0, right ? 1 : 0)
        default: throw ConditionError("\(kind) cannot be compared with \(other.kind)")
        }
    }

    /// Exact, also where a double cannot hold the integer.
    private static func order(_ integer: Int64, _ double: Double) -> Order {
        if double >= 0x1p63 { return .before }
        if double < -0x1p63 { return .after }
        let whole = Int64(double)
        guard whole == integer else { return Order(integer, whole) }
        return Order(0, double - Double(whole))
    }
}

extension Condition.Comparison {
    fileprivate func holds(_ left: ConditionValue, _ right: ConditionValue) throws(ConditionError) -> Bool {
        let order = try left.order(right)
        switch self {
        case .equal: return order == .same
        case .notEqual: return order != .same
        case .less: return order == .before
        case .lessOrEqual: return order != .after
        case .greater: return order == .after
        case .greaterOrEqual: return order != .before
        }
    }
}

extension Condition.TextTest {
    fileprivate func holds(_ whole: ConditionValue, _ part: ConditionValue) throws(ConditionError) -> Bool {
        guard case .string(let text) = whole, case .string(let piece) = part else {
            throw ConditionError("\"\(rawValue)\" is asked of something that is not a text")
        }
        switch self {
        case .startsWith: return text.utf8.starts(with: piece.utf8)
        case .endsWith: return text.utf8.reversed().starts(with: piece.utf8.reversed())
        case .contains:
            let (bytes, wanted) = (Array(text.utf8), Array(piece.utf8))
            guard wanted.count <= bytes.count else { return false }
            return (0...(bytes.count - wanted.count)).contains { bytes[$0...].starts(with: wanted) }
        }
    }
}
