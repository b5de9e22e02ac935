// How JSON values stand in the template engine's context. The engine renders what it does not find as
// nothing; here every look-up that finds nothing gives a value that remembers to complain when it is printed.
//
// The engine asks a value for its child in two situations that it does not tell apart: for the first part of
// a name it goes through the enclosing sections, innermost first, and there "not mine" must let it go on; for
// the later parts of `a.b` it descends, and there "not mine" is a missing variable. It replaces a value by
// its representation before it asks. So: what a look-up returns (`Found`) is represented by a value that
// descends (`Reached`), and that in turn, once it is on the stack, by one that lets the search go on
// (`Enclosing`).
import Mustache
import SendonceCore

/// What one rendering came across. Used by one rendering on one thread and never shared.
final class RenderLog {
    private(set) var error: RenderError?
    private var elements = 0

    func note(_ error: RenderError) {
        if self.error == nil { self.error = error }
    }

    /// Counts a list element; false when there were too many, and the list ends.
    func countElement() -> Bool {
        elements += 1
        guard elements <= TemplateLimits.elements else {
            note(.tooManyElements)
            return false
        }
        return true
    }
}

/// A value in the template's context under the name by which it was asked for; nil where nothing is there.
struct RenderNode {
    let value: JSONValue?
    let name: String
    let log: RenderLog

    func child(_ name: String) -> RenderNode {
        RenderNode(value: value?.member(Text(name)), name: "\(self.name).\(name)", log: log)
    }

    var isNull: Bool {
        switch value {
        case nil, .null, .bool(false): true
        default: false
        }
    }

    /// Numbers as the digits that the payload has.
    func text(calling name: String) -> String {
        switch value {
        case .string(let text): return text.string
        case .integer(let digits), .number(let digits): return digits
        case .bool(let value): return value ? "true" : "false"
        case nil, .null, .array, .object:
            log.note(.missing(name))
            return ""
        }
    }
}

/// The outermost context: an object whose members are all names that there are.
struct OutermostScope: MustacheParent, MustacheCustomRenderable {
    let value: JSONValue
    let log: RenderLog

    func child(named name: String) -> Any? {
        Found(node: RenderNode(value: value.member(Text(name)), name: name, log: log))
    }

    let isNull = false
    var renderText: String {
        log.note(.missing("."))
        return ""
    }
}

/// The result of a look-up.
private struct Found: MustacheCustomRepresentation {
    let node: RenderNode

    var representation: Any? {
        if case .array(let elements) = node.value { return ReachedList(node: node, elements: elements) }
        return Reached(node: node)
    }
}

/// What a section pushes and a variable prints; asked for a child, it answers for itself alone.
private protocol ReachedValue: MustacheParent, MustacheCustomRepresentation, MustacheCustomRenderable {
    var node: RenderNode { get }
}

extension ReachedValue {
    func child(named name: String) -> Any? { Found(node: node.child(name)) }
    var isNull: Bool { node.isNull }
    var renderText: String { node.text(calling: node.name) }
}

private struct Reached: ReachedValue {
    let node: RenderNode
    var representation: Any? { Enclosing(node: node) }
}

private struct ReachedList: ReachedValue, MustacheSequence {
    let node: RenderNode
    let elements: [JSONValue]
    var representation: Any? { EnclosingList(node: node, elements: elements) }
    func makeIterator() -> ElementIterator { ElementIterator(node: node, elements: elements) }
}

/// A value on the stack of sections; what it does not have is looked for further out.
private protocol EnclosingValue: MustacheParent, MustacheCustomRenderable {
    var node: RenderNode { get }
}

extension EnclosingValue {
    func child(named name: String) -> Any? {
        node.value?.member(Text(name)).map { Found(node: RenderNode(value: $0, name: name, log: node.log)) }
    }

    var isNull: Bool { node.isNull }
    /// Reached by `{{.}}`.
    var renderText: String { node.text(calling: ".") }
}

private struct Enclosing: EnclosingValue {
    let node: RenderNode
}

private struct EnclosingList: EnclosingValue, MustacheSequence {
    let node: RenderNode
    let elements: [JSONValue]
    func makeIterator() -> ElementIterator { ElementIterator(node: node, elements: elements) }
}

private struct ElementIterator: IteratorProtocol {
    let node: RenderNode
    let elements: [JSONValue]
    private var place = 0

    init(node: RenderNode, elements: [JSONValue]) {
        self.node = node
        self.elements = elements
    }

    mutating func next() -> Any? {
        guard place < elements.count, node.log.countElement() else { return nil }
        defer { place += 1 }
        let element = RenderNode(value: elements[place], name: node.name, log: node.log)
        return Found(node: element).representation
    }
}
