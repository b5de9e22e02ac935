// Escapes in strings. simdjson 3.0.1 takes \u0000 for text and calls half of a surrogate pair by the same
// name as any other mistake; here each of them is a defect of its own.
#pragma once

#include "CSimdJSON.h"

namespace sendonce {

/// A string's text after its escapes were resolved, or the defect that was met first.
struct Unescaped {
    sendonce_json_status status;
    /// In the source: where reading stopped.
    const uint8_t *stopped;
    /// One past the last byte written.
    uint8_t *end;
};

/// Resolves the escapes of the bytes between two quotes into `target`, which never needs more room than the
/// source.
Unescaped unescape(const uint8_t *source, const uint8_t *source_end, uint8_t *target);

}  // namespace sendonce
