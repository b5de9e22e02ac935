// Bounds of templates and of what they render.

package enum TemplateLimits {
    /// Longest template file, in bytes: no mail that people read is longer.
    package static let fileBytes = 512 << 10
    /// Longest rendered subject, in bytes. Providers and mail programs cut far earlier.
    package static let subjectBytes = 2_000
    /// Longest rendered body, in bytes: one hostile list in a payload must not become a mail of gigabytes.
    package static let bodyBytes = 1 << 20
    /// List elements that one rendering may walk through, inner lists counted each time. Bounds time as well.
    package static let elements = 10_000
}
