// See Walk.hpp. Recursion is bounded by the depth limit, which is checked before a container is entered.
#include "Walk.hpp"

#include "Escapes.hpp"
#include "Number.hpp"

#include <cstring>

namespace sendonce {
namespace {

bool is_space(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r'; }

/// A scalar ends at white space, at a bracket or comma, or at the zero behind the payload.
bool ends_scalar(uint8_t byte) {
    return is_space(byte) || byte == ',' || byte == '}' || byte == ']' || byte == ':' || byte == 0;
}

}  // namespace

Walk::Walk(
    sendonce_json_parser &parser, const Path *paths, const intptr_t *slots, size_t slot_count, size_t length)
    : parser(parser), paths(paths), slots(slots), buffer(parser.buffer.get()),
      indexes(parser.implementation->structural_indexes.get()),
      count(parser.implementation->n_structural_indexes), unescaped_next(parser.unescaped.get()),
      has_escapes(std::memchr(buffer, '\\', length) != nullptr) {
    parser.nodes.clear();
    parser.repeated.clear();
    parser.names.clear();
    parser.found.assign(slot_count, -1);
    parser.active.resize(slot_count);
    for (size_t place = 0; place < slot_count; place++) parser.active[place] = uint32_t(place);
}

bool Walk::document() {
    if (!value({0, 0, uint32_t(parser.active.size()), false})) return false;
    if (next != count) return fail(simdjson::TRAILING_CONTENT, here());
    return true;
}

bool Walk::fail(simdjson::error_code code, const uint8_t *at) {
    const bool took_sentinel = next > count;
    error = took_sentinel ? simdjson::INCOMPLETE_ARRAY_OR_OBJECT : code;
    return fail(sendonce_json_syntax, at);
}

bool Walk::fail(sendonce_json_status defect, const uint8_t *at) {
    status = defect;
    position = at - buffer;
    return false;
}

bool Walk::value(Place place) {
    // Paths that end here select the value; the others stay in front and go on.
    uint32_t onward = place.first;
    for (uint32_t each = place.first; each < place.last; each++) {
        const uint32_t slot = parser.active[each];
        if (paths[slots[slot]].size() == place.level) {
            parser.found[slot] = int64_t(parser.nodes.size());
            place.selected = true;
        } else {
            parser.active[onward++] = slot;
        }
    }
    place.last = onward;

    const uint8_t *text = here();
    if (*text != '{' && *text != '[') return scalar(text, place.selected);
    if (place.level >= parser.depth_limit) return fail(sendonce_json_too_deep, text);
    next++;
    const size_t node = parser.nodes.size();
    if (place.selected) emit(*text == '{' ? sendonce_json_object : sendonce_json_array, nullptr, 0);
    return *text == '{' ? object(place, node) : array(place, node);
}

bool Walk::object(Place place, size_t node) {
    if (*here() == '}') {
        next++;
        return true;
    }
    const bool matters = place.matters();
    const size_t names_first = parser.names.size();
    size_t members = 0;
    while (true) {
        const uint8_t *quote = take();
        if (*quote != '"') return fail(simdjson::TAPE_ERROR, quote);
        const Name name = matters || has_escapes ? string(quote) : Name{quote, 0};
        if (!name.bytes) return false;
        const uint8_t *colon = take();
        if (*colon != ':') return fail(simdjson::TAPE_ERROR, colon);
        if (matters) {
            parser.names.push_back(name);
            parser.trail[place.level] = {name.bytes, name.length, 0};
            if (place.selected) emit(sendonce_json_string, name.bytes, name.length);
            const Place inner = member(place, name);
            if (!value(inner)) return false;
            parser.active.resize(inner.first);
        } else if (!value({place.level + 1, 0, 0, false})) {
            return false;
        }
        members++;
        const uint8_t *after = take();
        if (*after == '}') break;
        if (*after != ',') return fail(simdjson::TAPE_ERROR, after);
    }
    if (place.selected) parser.nodes[node].length = members;
    if (matters) {
        find_repeat(names_first, place.level);
        parser.names.resize(names_first);
    }
    return true;
}

bool Walk::array(Place place, size_t node) {
    if (*here() == ']') {
        next++;
        return true;
    }
    const int64_t elements = place.first < place.last ? count_elements() : 0;
    int64_t index = 0;
    while (true) {
        if (place.matters()) {
            parser.trail[place.level] = {nullptr, 0, index};
            const Place inner = element(place, index, elements);
            if (!value(inner)) return false;
            parser.active.resize(inner.first);
        } else if (!value({place.level + 1, 0, 0, false})) {
            return false;
        }
        index++;
        const uint8_t *after = take();
        if (*after == ']') break;
        if (*after != ',') return fail(simdjson::TAPE_ERROR, after);
    }
    if (place.selected) parser.nodes[node].length = size_t(index);
    return true;
}

/// The place of a member, with the paths that go on into it.
Walk::Place Walk::member(Place place, Name name) {
    const uint32_t first = uint32_t(parser.active.size());
    for (uint32_t each = place.first; each < place.last; each++) {
        const uint32_t slot = parser.active[each];
        const Step &step = paths[slots[slot]][place.level];
        if (step.is_member && step.text() == name) parser.active.push_back(slot);
    }
    return {place.level + 1, first, uint32_t(parser.active.size()), place.selected};
}

/// The place of an array's element, with the paths that go on into it.
Walk::Place Walk::element(Place place, int64_t index, int64_t elements) {
    const uint32_t first = uint32_t(parser.active.size());
    for (uint32_t each = place.first; each < place.last; each++) {
        const uint32_t slot = parser.active[each];
        const Step &step = paths[slots[slot]][place.level];
        if (!step.is_member && (step.index < 0 ? step.index + elements : step.index) == index) {
            parser.active.push_back(slot);
        }
    }
    return {place.level + 1, first, uint32_t(parser.active.size()), place.selected};
}

/// The elements of the array whose bracket was just taken. Counts commas without checking anything: if the
/// array turns out to be malformed, nothing that was found counts.
int64_t Walk::count_elements() const {
    int64_t commas = 0;
    size_t depth = 0;
    for (size_t each = next; each < count; each++) {
        switch (buffer[indexes[each]]) {
        case '{': case '[':
            depth++;
            break;
        case '}': case ']':
            if (depth == 0) return commas + 1;
            depth--;
            break;
        case ',':
            if (depth == 0) commas++;
            break;
        default: break;
        }
    }
    return commas + 1;
}

bool Walk::scalar(const uint8_t *text, bool selected) {
    next++;
    switch (*text) {
    case '"': {
        if (!selected && !has_escapes) return true;
        const Name content = string(text);
        if (!content.bytes) return false;
        if (selected) emit(sendonce_json_string, content.bytes, content.length);
        return true;
    }
    case 't':
        if (selected) emit(sendonce_json_true, nullptr, 0);
        return literal(text, "true", simdjson::T_ATOM_ERROR);
    case 'f':
        if (selected) emit(sendonce_json_false, nullptr, 0);
        return literal(text, "false", simdjson::F_ATOM_ERROR);
    case 'n':
        if (selected) emit(sendonce_json_null, nullptr, 0);
        return literal(text, "null", simdjson::N_ATOM_ERROR);
    case '-':
    case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return number(text, selected);
    default: return fail(simdjson::TAPE_ERROR, text);
    }
}

bool Walk::literal(const uint8_t *text, const char *word, simdjson::error_code code) {
    const size_t length = std::strlen(word);
    if (std::memcmp(text, word, length) != 0 || !ends_scalar(text[length])) return fail(code, text);
    return true;
}

bool Walk::number(const uint8_t *text, bool selected) {
    const Number number = Number::at(text);
    if (!number.end || !ends_scalar(*number.end)) return fail(simdjson::NUMBER_ERROR, text);
    if (!selected) return true;
    if (number.is_integer && text[0] == '-' && text[1] == '0') text++;
    emit(number.is_integer ? sendonce_json_integer : sendonce_json_number, text, size_t(number.end - text));
    return true;
}

/// The content of a string whose opening quote was just taken; NULL bytes if it is defective. Nothing but
/// white space stands between the closing quote and the next structural place, so the end is found from
/// there.
Name Walk::string(const uint8_t *quote) {
    constexpr Name defective = {nullptr, 0};
    const uint8_t *begin = quote + 1;
    const uint8_t *end = here() - 1;
    while (end >= begin && is_space(*end)) end--;
    if (end < begin || *end != '"') {
        fail(simdjson::STRING_ERROR, quote);
        return defective;
    }
    const size_t length = size_t(end - begin);
    if (!has_escapes || !std::memchr(begin, '\\', length)) return {begin, length};

    const Unescaped result = unescape(begin, end, unescaped_next);
    if (result.status == sendonce_json_syntax) {
        fail(simdjson::STRING_ERROR, result.stopped);
        return defective;
    }
    if (result.status != sendonce_json_ok) {
        fail(result.status, result.stopped);
        return defective;
    }
    const Name content = {unescaped_next, size_t(result.end - unescaped_next)};
    unescaped_next = result.end;
    return content;
}

}  // namespace sendonce
