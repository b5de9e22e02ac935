// Numbers by their text. simdjson turns integers beyond 64 bits into an error and 1e400 too; a payload may
// hold both, and an order number of 30 digits is a key that must stay exact.
#pragma once

#include <cstdint>

namespace sendonce {

/// The text of a JSON number (RFC 8259 section 6).
struct Number {
    /// One past the last byte; NULL if the text is not a number.
    const uint8_t *end;
    /// Neither a fraction nor an exponent.
    bool is_integer;

    /// Reads from a place that is followed, sooner or later, by a byte that no number contains.
    static Number at(const uint8_t *text) {
        const uint8_t *next = text;
        if (*next == '-') next++;
        if (*next == '0') {
            next++;
        } else if (!digits(next)) {
            return {nullptr, false};
        }
        bool is_integer = true;
        if (*next == '.') {
            is_integer = false;
            next++;
            if (!digits(next)) return {nullptr, false};
        }
        if (*next == 'e' || *next == 'E') {
            is_integer = false;
            next++;
            if (*next == '+' || *next == '-') next++;
            if (!digits(next)) return {nullptr, false};
        }
        return {next, is_integer};
    }

private:
    /// Steps over digits; false if there is none.
    static bool digits(const uint8_t *&next) {
        const uint8_t *first = next;
        while (*next >= '0' && *next <= '9') next++;
        return next != first;
    }
};

}  // namespace sendonce
