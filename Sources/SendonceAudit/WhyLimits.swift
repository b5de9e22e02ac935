// Every bound of an answer in one place, each with its reason.
package enum WhyLimits {
    /// Stories in one answer: as much as a person reads. An answer says when there are more.
    package static let stories = 10
    /// Events of one id or subject that are looked through: most may repeat one that is told.
    package static let positionsRead = 10_000
    /// Messages of one recipient, and events refused for it, that a question with a filter looks through,
    /// newest first; each costs a read. What is older is not denied.
    package static let recipientRead = 1_000
    /// Messages that one read brings.
    package static let page = 100
    /// Losing events that are read to count them; beyond that the answer says "at least".
    package static let losersRead = 10_000
    /// Positions of losing events that a sentence names.
    package static let losersNamed = 3
    /// Positions of losing events that the data names.
    package static let losersListed = 100
    /// Intake rows that are looked through. The intake is short unless the projector stands still.
    package static let intakeRead = 1_000
    /// Payload bytes of the intake that are searched for what was asked: a few hundredths of a second.
    package static let intakeBytes = 16 << 20
    /// Intake rows that an answer names.
    package static let intakeNamed = 5
    /// Keys and addresses that are offered as similar.
    package static let similar = 5
    /// Attempts that sentences tell of: the first two and the last ones. The data has all.
    package static let attemptsTold = 6
}
