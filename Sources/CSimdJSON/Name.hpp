// Names are what a walk compares most: every name of an object that matters with each path's next step, and
// with its siblings.
#pragma once

#include <cstdint>
#include <cstring>

namespace sendonce {

/// A member's name without quotes and escapes, in memory that someone else owns.
struct Name {
    const uint8_t *bytes;
    size_t length;

    /// By bytes. Most names differ in length or in the first byte, which spares a call.
    bool operator==(const Name &other) const {
        if (length != other.length) return false;
        return length == 0 || (*bytes == *other.bytes && std::memcmp(bytes, other.bytes, length) == 0);
    }
};

}  // namespace sendonce
