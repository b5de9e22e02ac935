// What is wrong inside one value: a path, a duration, a condition.

/// A mistake at a character of a value's text, counted in Unicode scalars from 0.
struct TextMistake: Error, Hashable {
    var offset: Int
    var message: String
    var suggestion: String?

    init(_ message: String, at offset: Int = 0, suggestion: String? = nil) {
        self.offset = offset
        self.message = message
        self.suggestion = suggestion
    }
}
