// Repeated names in an object. An object may hold a hundred thousand names, so they are not all compared in
// pairs.
#include "Walk.hpp"

#include <algorithm>
#include <cstring>

namespace sendonce {
namespace {

/// Up to here comparing in pairs is faster than sorting.
constexpr size_t pairwise_limit = 24;

int compare(const Name &left, const Name &right) {
    if (left.length != right.length) return left.length < right.length ? -1 : 1;
    return std::memcmp(left.bytes, right.bytes, left.length);
}

/// The place of the first name that stood there before, or `count`.
size_t first_repeat(const Name *names, size_t count) {
    if (count <= pairwise_limit) {
        for (size_t second = 1; second < count; second++) {
            for (size_t first = 0; first < second; first++) {
                if (names[first] == names[second]) return second;
            }
        }
        return count;
    }
    std::vector<uint32_t> order(count);
    for (size_t place = 0; place < count; place++) order[place] = uint32_t(place);
    std::sort(order.begin(), order.end(), [names](uint32_t left, uint32_t right) {
        const int difference = compare(names[left], names[right]);
        return difference != 0 ? difference < 0 : left < right;
    });
    size_t earliest = count;
    for (size_t place = 1; place < count; place++) {
        if (compare(names[order[place - 1]], names[order[place]]) == 0) {
            earliest = std::min(earliest, size_t(order[place]));
        }
    }
    return earliest;
}

}  // namespace

/// Notes the first repeated name of the object that was just walked, unless an object before it had one.
void Walk::find_repeat(size_t names_first, size_t level) {
    if (!parser.repeated.empty()) return;
    const Name *names = parser.names.data() + names_first;
    const size_t members = parser.names.size() - names_first;
    const size_t repeat = first_repeat(names, members);
    if (repeat == members) return;
    parser.repeated.assign(parser.trail.begin(), parser.trail.begin() + std::ptrdiff_t(level));
    parser.repeated.push_back({names[repeat].bytes, names[repeat].length, 0});
}

}  // namespace sendonce
