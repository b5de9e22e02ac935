// The boundary: every function that Swift calls, and the place where exceptions end.
#include "CSimdJSON.h"

#include "Parser.hpp"
#include "Paths.hpp"
#include "Walk.hpp"

#include <cstring>
#include <new>

sendonce_json_paths *sendonce_json_paths_new(void) { return new (std::nothrow) sendonce_json_paths; }

void sendonce_json_paths_free(sendonce_json_paths *paths) { delete paths; }

int sendonce_json_paths_add(sendonce_json_paths *paths) {
    try {
        paths->paths.emplace_back();
        return 1;
    } catch (...) {
        return 0;
    }
}

int sendonce_json_paths_member(sendonce_json_paths *paths, const uint8_t *name, size_t length) {
    try {
        const std::string text(reinterpret_cast<const char *>(name), length);
        paths->paths.back().push_back({true, text, 0});
        return 1;
    } catch (...) {
        return 0;
    }
}

int sendonce_json_paths_index(sendonce_json_paths *paths, int64_t index) {
    try {
        paths->paths.back().push_back({false, std::string(), index});
        return 1;
    } catch (...) {
        return 0;
    }
}

sendonce_json_parser *sendonce_json_parser_new(size_t byte_limit, size_t depth_limit) {
    try {
        return new sendonce_json_parser(byte_limit, depth_limit);
    } catch (...) {
        return nullptr;
    }
}

void sendonce_json_parser_free(sendonce_json_parser *parser) { delete parser; }

namespace {

sendonce_json_result defect(sendonce_json_status status, int64_t position = -1, const char *words = nullptr) {
    return {status, words, position, nullptr, nullptr, nullptr, 0};
}

}  // namespace

sendonce_json_result sendonce_json_read(
    sendonce_json_parser *parser, const uint8_t *bytes, size_t length, const sendonce_json_paths *paths,
    const intptr_t *slots, size_t slot_count, int root_is_object) {
    using sendonce::Walk;
    try {
        if (length > parser->byte_limit) return defect(sendonce_json_too_long);
        if (length > 0) {
            const void *nul = std::memchr(bytes, 0, length);
            if (nul) return defect(sendonce_json_nul, static_cast<const uint8_t *>(nul) - bytes);
        }
        parser->reserve(length);
        const auto error = parser->index(bytes, length);
        if (error) return defect(sendonce_json_syntax, -1, simdjson::error_message(error));

        Walk walk(*parser, paths->paths.data(), slots, slot_count, length);
        if (!walk.document()) {
            const bool syntax = walk.status == sendonce_json_syntax;
            return defect(walk.status, walk.position, syntax ? simdjson::error_message(walk.error) : nullptr);
        }
        const uint32_t root = parser->implementation->structural_indexes[0];
        if (root_is_object && parser->buffer[root] != '{') return defect(sendonce_json_not_an_object, root);
        if (!parser->repeated.empty()) {
            return {sendonce_json_repeated_member, nullptr, -1, parser->nodes.data(), parser->found.data(),
                    parser->repeated.data(), parser->repeated.size()};
        }
        return {sendonce_json_ok, nullptr, -1, parser->nodes.data(), parser->found.data(), nullptr, 0};
    } catch (...) {
        return defect(sendonce_json_out_of_memory);
    }
}
