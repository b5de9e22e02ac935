// What a provider is: a pure pair of functions. It builds a request and reads an answer; it sends nothing.
package import SendonceCore

package protocol Provider: Sendable {
    /// The provider's word, part of every request digest.
    var kind: ProviderKind { get }
    var capability: Capability { get }

    /// Whether the route's settings fit. To be asked once at the start: a setting that is wrong must stop a
    /// route, and not hold its commands one by one.
    func check(_ route: Route) throws(MessageError)

    /// Whether the provider can have a template of this id. To be asked before rules come into force: with a
    /// wrong id every command of the rule is held.
    func check(templateID id: Text) throws(MessageError)

    /// The request for a message. Pure: the same message at the same route gives the same bytes, today and
    /// tomorrow.
    func request(for message: Message, at route: Route) throws(MessageError) -> ProviderRequest

    /// What an answer to a request with a body of `bodyLength` bytes means. Pure.
    func verdict(for answer: TransportAnswer, bodyLength: Int, at route: Route) -> Verdict
}
