// Was an object's key made of another one's, as a function names what it writes after what it was
// called for? By the looks of the two alone:
//
//   worked on          written                 derived
//   photos/cat.jpg     photos/cat.jpg          the same
//                      photos/cat_small.jpg    its stem stands in the name
//                      photos/small-cat.png
//                      photos/small/cat.jpg    ... in a folder beneath
//                      out/photos/cat.jpg      ... or in one that ends in the whole old one
//                      photos/category.jpg     no: a stem ends where letters and digits end
//                      thumbs/cat.jpg          no: neither folder holds the other
//
// How this can be wrong. Said though it is not so: others name objects like that too ("log",
// "log.1"; a new version under the old key; short names like "1", in the topmost folder above all).
// Missed: names that are made otherwise (hashes, ids, dates), folders side by side (in/ -> out/),
// and a name of more than kWordsMax words, of which the first are looked at.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace convoke {

inline constexpr std::size_t kWordsMax = 24;  // runs of letters and digits in a name

struct KeyParts {
  std::string_view folder;  // "photos/"; "" for none
  std::string_view name;    // "cat.jpg"
  std::string_view stem;    // "cat"
};
[[nodiscard]] KeyParts parts_of(std::string_view key) noexcept;

[[nodiscard]] bool is_derived(std::string_view key, std::string_view worked_on) noexcept;

// A stem from its first letter or digit to its last one, where it has any: what keys are found by.
[[nodiscard]] std::string_view core_of(std::string_view stem) noexcept;
// The cores of all stems that `key` may be derived from by its name, some more than once: at most
// kWordsMax * (kWordsMax + 1) / 2, and that of its own stem.
void for_each_core(std::string_view key, const std::function<void(std::string_view)>& each);

}  // namespace convoke
