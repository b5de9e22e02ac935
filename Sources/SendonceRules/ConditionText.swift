// A checked condition back as text, for people.
package import SendonceCore

extension Condition {
    /// The condition as CEL, with the parentheses that it needs and no others.
    package var text: String { text(within: 0) }

    /// 1 `||`, 2 `&&`, 3 comparisons, 4 signs, 5 everything that needs no parentheses.
    private var strength: Int {
        switch self {
        case .or: 1
        case .and: 2
        case .comparison, .contained: 3
        case .not, .negative: 4
        case .literal(.integer(let value)) where value < 0: 4
        case .literal, .field, .has, .list, .size, .text: 5
        }
    }

    private func text(within outer: Int) -> String {
        let inner: String
        switch self {
        case .literal(let value): inner = value.text
        case .field(let reference): inner = reference.path.description
        case .has(let reference, _): inner = "has(\(reference.path))"
        case .list(let items): inner = "[" + items.map(\.text).joined(separator: ", ") + "]"
        case .not(let part): inner = "!" + part.text(within: 4)
        case .negative(let part): inner = "-" + part.text(within: 4)
        case .and(let left, let right): inner = "\(left.text(within: 2)) && \(right.text(within: 3))"
        case .or(let left, let right): inner = "\(left.text(within: 1)) || \(right.text(within: 2))"
        case .comparison(let comparison, let left, let right):
            inner = "\(left.text(within: 3)) \(comparison.rawValue) \(right.text(within: 4))"
        case .contained(let left, let right): inner = "\(left.text(within: 3)) in \(right.text(within: 4))"
        case .size(let part): inner = "size(\(part.text))"
        case .text(let test, let whole, let part):
            inner = "\(whole.text(within: 5)).\(test.rawValue)(\(part.text))"
        }
        return strength < outer ? "(\(inner))" : inner
    }
}

extension ConditionValue {
    fileprivate var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string(let text): JSONValue.quoted(text.string)
        case .list(let items): "[" + items.map(\.text).joined(separator: ", ") + "]"
        case .object(let members): JSONValue.object(members).jsonText
        }
    }
}
