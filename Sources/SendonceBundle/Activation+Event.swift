// An activation, read back from the event that records it.
import SendonceCore
import SendonceReading
import SendonceStore

extension Activation {
    /// - Parameter event: one of type `Event.activationType`.
    static func read(_ event: LoggedEvent) throws(LineMistake) -> Activation {
        guard let activation = Activation(event) else {
            throw LineMistake("position \(event.position) is an activation that cannot be read")
        }
        return activation
    }
}
