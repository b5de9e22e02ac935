// What a condition says of one event.

/// Why a condition has no answer. The decision is `condition_false` with this as its detail: nothing is sent on a guess.
package struct ConditionError: Error, Hashable, Sendable {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension Condition {
    /// Whether the condition is true of the event that the reader holds.
    func holds(in reader: EventReader) -> Result<Bool, ConditionError> {
        .failure(ConditionError("conditions cannot be evaluated"))
    }
}
