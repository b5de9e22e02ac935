// Reading keys back.
package import SendonceCore

extension Key {
    /// A key as recorded; it was canonical when it was made.
    package init(text: Text, digest: Digest) {
        self.init(scope: "", parts: [])
        self.text = text
        self.digest = digest
    }
}
