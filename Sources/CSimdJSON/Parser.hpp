// The memory that one owner reuses from payload to payload, so that reading allocates nothing once it is
// warm.
#pragma once

#include "CSimdJSON.h"
#include "Name.hpp"

#include <memory>
#include <simdjson.h>
#include <vector>

struct sendonce_json_parser {
    size_t byte_limit;
    size_t depth_limit;
    /// How many bytes the buffers hold.
    size_t capacity = 0;
    /// The payload, followed by SIMDJSON_PADDING bytes of zero.
    std::unique_ptr<uint8_t[]> buffer;
    /// Strings whose escapes were resolved; each at most once, so it never outgrows the payload.
    std::unique_ptr<uint8_t[]> unescaped;
    /// simdjson's implementation for this processor, chosen when the program runs. Only its first stage is
    /// used: it checks UTF-8 and finds where every value, name and bracket starts. simdjson's on-demand
    /// interface is fixed when this file is compiled, to the slow fallback unless every machine has AVX2; its
    /// DOM refuses a document with an integer beyond 64 bits or 1e400 anywhere (both tried with 3.0.1).
    std::unique_ptr<simdjson::internal::dom_parser_implementation> implementation;

    std::vector<sendonce_json_node> nodes;
    std::vector<int64_t> found;
    std::vector<sendonce_json_step> repeated;
    /// The names of open objects in which repeats count, innermost last.
    std::vector<sendonce::Name> names;
    /// The slots, as places in `found`, whose paths lead here, innermost level last.
    std::vector<uint32_t> active;
    /// The steps from the root to where the walk is.
    std::vector<sendonce_json_step> trail;

    sendonce_json_parser(size_t byte_limit, size_t depth_limit)
        : byte_limit(byte_limit), depth_limit(depth_limit) {
        trail.resize(depth_limit + 1);
    }

    /// Makes room for a payload; throws std::bad_alloc.
    void reserve(size_t length);
    /// Copies the payload and runs simdjson's first stage over it.
    simdjson::error_code index(const uint8_t *bytes, size_t length);
};
