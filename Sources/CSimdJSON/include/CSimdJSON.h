// What Swift needs of simdjson: read values by path out of one payload in one call. Swift cannot call C++
// that throws, so no exception, no C++ type and no ownership of single values crosses this header.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Paths, compiled once. Read by parsers, owned by the caller, never changed after the last `add`.
typedef struct sendonce_json_paths sendonce_json_paths;

/// Buffers and structural index of the payload that was read last. One owner; not for two threads at once.
typedef struct sendonce_json_parser sendonce_json_parser;

typedef enum sendonce_json_status {
    sendonce_json_ok = 0,
    sendonce_json_syntax,
    sendonce_json_not_an_object,
    sendonce_json_too_deep,
    sendonce_json_nul,
    sendonce_json_lone_surrogate,
    sendonce_json_repeated_member,
    sendonce_json_too_long,
    /// Not a fact about the payload: the machine has no memory left.
    sendonce_json_out_of_memory,
} sendonce_json_status;

typedef enum sendonce_json_kind {
    sendonce_json_null = 0,
    sendonce_json_false,
    sendonce_json_true,
    sendonce_json_integer,
    sendonce_json_number,
    sendonce_json_string,
    sendonce_json_array,
    sendonce_json_object,
} sendonce_json_kind;

/// A value that was selected, or a part of one. Values stand in document order, each followed by what it
/// contains: an array by its elements, an object by a string node and a value for each member.
typedef struct sendonce_json_node {
    /// Text of a string (unescaped, valid UTF-8) or of a number (as written; an integer `-0` as `0`); else
    /// NULL.
    const uint8_t *bytes;
    /// Bytes of the text, or how many elements or members follow.
    size_t length;
    sendonce_json_kind kind;
} sendonce_json_node;

/// Where a repeated member stands: a member name, or an index if `name` is NULL.
typedef struct sendonce_json_step {
    const uint8_t *name;
    size_t length;
    int64_t index;
} sendonce_json_step;

/// What one read found. Pointers live until the parser's next read or its end.
typedef struct sendonce_json_result {
    sendonce_json_status status;
    /// simdjson's words for `sendonce_json_syntax`; else NULL.
    const char *words;
    /// The byte at which reading stopped; -1 where simdjson does not say.
    int64_t position;
    /// The selected values; also beside a repeated member, for callers to whom it does not matter.
    const sendonce_json_node *nodes;
    /// For each of the slots asked for, the place of its value in `nodes`, or -1 where there is none.
    const int64_t *found;
    /// The repeated member, from the outermost name to the name itself.
    const sendonce_json_step *repeated;
    size_t repeated_count;
} sendonce_json_result;

/// NULL if there is no memory; so for the next one.
sendonce_json_paths *sendonce_json_paths_new(void);
void sendonce_json_paths_free(sendonce_json_paths *paths);
/// Starts the path of the next slot. False if there is no memory; so for the next two.
int sendonce_json_paths_add(sendonce_json_paths *paths);
/// Adds a step to the path that was started last. The name's bytes are copied.
int sendonce_json_paths_member(sendonce_json_paths *paths, const uint8_t *name, size_t length);
/// A negative index counts from the end.
int sendonce_json_paths_index(sendonce_json_paths *paths, int64_t index);

sendonce_json_parser *sendonce_json_parser_new(size_t byte_limit, size_t depth_limit);
void sendonce_json_parser_free(sendonce_json_parser *parser);

/// Validates the whole document and finds the values of the given slots, which must be slots of `paths`.
///
/// The defect that is reported is the first of: too long; a raw NUL; what simdjson's indexing finds (nothing
/// there, not UTF-8, a control character in a string, an unclosed string); whichever of syntax, depth,
/// escaped NUL and lone surrogate comes first in the document; not an object, if one is required; a repeated
/// member in the object that closes first.
sendonce_json_result sendonce_json_read(
    sendonce_json_parser *parser, const uint8_t *bytes, size_t length, const sendonce_json_paths *paths,
    const intptr_t *slots, size_t slot_count, int root_is_object);

#ifdef __cplusplus
}
#endif
