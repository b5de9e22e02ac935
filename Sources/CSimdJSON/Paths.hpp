// The paths of a rule set in the form that the walk compares against: compiled once, read by every payload.
#pragma once

#include "Name.hpp"

#include <string>
#include <vector>

namespace sendonce {

/// A member's name, or an element's index.
struct Step {
    bool is_member;
    std::string name;
    int64_t index;

    Name text() const { return {reinterpret_cast<const uint8_t *>(name.data()), name.size()}; }
};

using Path = std::vector<Step>;

}  // namespace sendonce

struct sendonce_json_paths {
    std::vector<sendonce::Path> paths;
};
