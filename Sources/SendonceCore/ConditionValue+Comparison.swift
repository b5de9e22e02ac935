// How the values of a condition compare: by type first, numbers by their mathematical value, texts by their
// bytes.

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

    func equals(_ other: ConditionValue) throws(ConditionError) -> Bool {
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
        let others = Dictionary(right.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        var pairs: [(ConditionValue, ConditionValue)] = []
        for member in left {
            guard let other = others[member.name] else { return false }
            guard let first = ConditionValue(member.value), let second = ConditionValue(other) else {
                throw ConditionError("\(member.name) holds a number beyond 64 bits")
            }
            pairs.append((first, second))
        }
        return try allEqual(pairs)
    }

    /// Found wins over an error, as in `||`.
    func isContained(in container: ConditionValue) throws(ConditionError) -> Bool {
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

    enum Order {
        case before, same, after

        init<Value: Comparable>(_ left: Value, _ right: Value) {
            self = left == right ? .same : left < right ? .before : .after
        }
    }

    func order(_ other: ConditionValue) throws(ConditionError) -> Order {
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
    func holds(_ left: ConditionValue, _ right: ConditionValue) throws(ConditionError) -> Bool {
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
    func holds(_ whole: ConditionValue, _ part: ConditionValue) throws(ConditionError) -> Bool {
        guard case .string(let text) = whole, case .string(let piece) = part else {
            throw ConditionError("\"\(rawValue)\" is asked of something that is not a text")
        }
        switch self {
        case .startsWith: return text.utf8.starts(with: piece.utf8)
        case .endsWith: return text.utf8.reversed().starts(with: piece.utf8.reversed())
        case .contains: return Self.stands(Array(piece.utf8), in: text.utf8)
        }
    }

    /// In time that grows with both lengths together, whatever they hold: events are decided within a
    /// transaction. (Knuth, Morris, Pratt: Fast pattern matching in strings, 1977.)
    private static func stands(_ wanted: [UInt8], in bytes: some Sequence<UInt8>) -> Bool {
        guard !wanted.isEmpty else { return true }
        // Of each beginning of `wanted`, the longest shorter beginning that it also ends with.
        var borders = [0]
        var length = 0
        for byte in wanted.dropFirst() {
            while length > 0, wanted[length] != byte { length = borders[length - 1] }
            if wanted[length] == byte { length += 1 }
            borders.append(length)
        }
        var found = 0
        for byte in bytes {
            while found > 0, wanted[found] != byte { found = borders[found - 1] }
            if wanted[found] == byte { found += 1 }
            if found == wanted.count { return true }
        }
        return false
    }
}
