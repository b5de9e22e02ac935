// See Parser.hpp.
#include "Parser.hpp"

#include <cstring>
#include <new>

namespace {
/// Most payloads are below it, so most parsers allocate once.
constexpr size_t first_capacity = 16 * 1024;
}  // namespace

void sendonce_json_parser::reserve(size_t length) {
    if (length < capacity) return;
    size_t wanted = capacity ? capacity : first_capacity;
    while (wanted <= length) wanted *= 2;
    buffer.reset(new uint8_t[wanted + simdjson::SIMDJSON_PADDING]);
    unescaped.reset(new uint8_t[wanted]);
    implementation.reset();
    capacity = 0;
    const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        wanted, depth_limit, implementation);
    if (error) throw std::bad_alloc();
    capacity = wanted;
}

simdjson::error_code sendonce_json_parser::index(const uint8_t *bytes, size_t length) {
    if (length == 0) return simdjson::EMPTY;
    std::memcpy(buffer.get(), bytes, length);
    std::memset(buffer.get() + length, 0, simdjson::SIMDJSON_PADDING);
    const auto error = implementation->stage1(buffer.get(), length, simdjson::stage1_mode::regular);
    if (error) return error;
    // A sentinel after the last index: the zero behind the payload matches nothing that the walk expects.
    implementation->structural_indexes[implementation->n_structural_indexes] = uint32_t(length);
    return simdjson::SUCCESS;
}
