// See Escapes.hpp. RFC 8259 section 7 lists the escapes; RFC 3629 section 3 gives the bytes of a code point.
#include "Escapes.hpp"

#include <cstring>

namespace sendonce {
namespace {

/// Four hexadecimal digits, or -1.
int32_t hexadecimal(const uint8_t *text, const uint8_t *end) {
    if (end - text < 4) return -1;
    int32_t value = 0;
    for (int place = 0; place < 4; place++) {
        const uint8_t byte = text[place];
        int32_t digit;
        if (byte >= '0' && byte <= '9') {
            digit = byte - '0';
        } else if (byte >= 'a' && byte <= 'f') {
            digit = byte - 'a' + 10;
        } else if (byte >= 'A' && byte <= 'F') {
            digit = byte - 'A' + 10;
        } else {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

uint8_t *write_utf8(int32_t point, uint8_t *target) {
    if (point < 0x80) {
        *target++ = uint8_t(point);
    } else if (point < 0x800) {
        *target++ = uint8_t(0xC0 | point >> 6);
        *target++ = uint8_t(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        *target++ = uint8_t(0xE0 | point >> 12);
        *target++ = uint8_t(0x80 | (point >> 6 & 0x3F));
        *target++ = uint8_t(0x80 | (point & 0x3F));
    } else {
        *target++ = uint8_t(0xF0 | point >> 18);
        *target++ = uint8_t(0x80 | (point >> 12 & 0x3F));
        *target++ = uint8_t(0x80 | (point >> 6 & 0x3F));
        *target++ = uint8_t(0x80 | (point & 0x3F));
    }
    return target;
}

/// The byte that a one-letter escape stands for, or 0.
uint8_t simple(uint8_t letter) {
    switch (letter) {
    case '"': case '\\': case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

}  // namespace

Unescaped unescape(const uint8_t *source, const uint8_t *source_end, uint8_t *target) {
    while (source < source_end) {
        const void *backslash = std::memchr(source, '\\', size_t(source_end - source));
        const uint8_t *plain_end = backslash ? static_cast<const uint8_t *>(backslash) : source_end;
        const size_t plain = size_t(plain_end - source);
        std::memcpy(target, source, plain);
        target += plain;
        source = plain_end;
        if (source == source_end) break;

        if (source_end - source < 2) return {sendonce_json_syntax, source, target};
        if (source[1] != 'u') {
            const uint8_t byte = simple(source[1]);
            if (byte == 0) return {sendonce_json_syntax, source, target};
            *target++ = byte;
            source += 2;
            continue;
        }
        int32_t point = hexadecimal(source + 2, source_end);
        if (point < 0) return {sendonce_json_syntax, source, target};
        if (point == 0) return {sendonce_json_nul, source, target};
        size_t taken = 6;
        if (point >= 0xD800 && point <= 0xDFFF) {
            const bool is_high = point < 0xDC00;
            const bool has_second = source_end - source >= 12 && source[6] == '\\' && source[7] == 'u';
            const int32_t second = is_high && has_second ? hexadecimal(source + 8, source_end) : -1;
            if (second < 0xDC00 || second > 0xDFFF) return {sendonce_json_lone_surrogate, source, target};
            point = 0x10000 + ((point - 0xD800) << 10) + (second - 0xDC00);
            taken = 12;
        }
        target = write_utf8(point, target);
        source += taken;
    }
    return {sendonce_json_ok, source, target};
}

}  // namespace sendonce
