// One pass over the indexed payload that does three things at once: checks the grammar, finds what the paths
// select, and finds repeated members where they matter.
#pragma once

#include "Parser.hpp"
#include "Paths.hpp"

namespace sendonce {

class Walk {
public:
    Walk(
        sendonce_json_parser &parser, const Path *paths, const intptr_t *slots, size_t slot_count,
        size_t length);

    /// Walks the whole document; false if it is defective.
    bool document();

    sendonce_json_status status = sendonce_json_ok;
    simdjson::error_code error = simdjson::SUCCESS;
    /// Byte at which the defect was met.
    int64_t position = -1;

private:
    /// What the walk does at one place. Kept to 16 bytes, so that it is passed in registers: through memory
    /// it was half of the time of a walk.
    struct Place {
        /// Steps from the root.
        uint32_t level;
        /// Range of `parser.active`: the paths that lead here.
        uint32_t first, last;
        /// Inside a value that a path selects.
        bool selected;

        bool matters() const { return selected || first < last; }
    };

    bool value(Place place);
    bool object(Place place, size_t node);
    bool array(Place place, size_t node);
    bool scalar(const uint8_t *text, bool selected);
    bool literal(const uint8_t *text, const char *word, simdjson::error_code code);
    bool number(const uint8_t *text, bool selected);
    Name string(const uint8_t *quote);
    Place member(Place place, Name name);
    Place element(Place place, int64_t index, int64_t elements);
    int64_t count_elements() const;
    void find_repeat(size_t names_first, size_t level);

    const uint8_t *here() const { return buffer + indexes[next]; }
    const uint8_t *take() { return buffer + indexes[next++]; }
    bool fail(simdjson::error_code code, const uint8_t *at);
    bool fail(sendonce_json_status defect, const uint8_t *at);
    void emit(sendonce_json_kind kind, const uint8_t *bytes, size_t length) {
        parser.nodes.push_back({bytes, length, kind});
    }

    sendonce_json_parser &parser;
    const Path *paths;
    const intptr_t *slots;
    const uint8_t *buffer;
    const uint32_t *indexes;
    /// The next structural place; `count` is the sentinel, and nothing is taken after it.
    size_t next = 0;
    size_t count;
    uint8_t *unescaped_next;
    bool has_escapes;
};

}  // namespace sendonce
