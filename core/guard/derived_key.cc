#include "core/guard/derived_key.h"

#include <algorithm>
#include <array>

namespace convoke {
namespace {

// Bytes of other alphabets too: where their words end is not known.
bool is_of_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool stands_alone(std::string_view name, std::size_t at, std::size_t size) {
  const bool begins = at == 0 || !is_of_word(name[at - 1]);
  return begins && (at + size == name.size() || !is_of_word(name[at + size]));
}

bool holds_stem(std::string_view name, std::string_view stem) {
  if (std::none_of(stem.begin(), stem.end(), is_of_word)) return false;
  for (std::size_t at = name.find(stem); at != std::string_view::npos;
       at = name.find(stem, at + 1)) {
    if (stands_alone(name, at, stem.size())) return true;
  }
  return false;
}

// "out/photos/" in "photos/"; not "outphotos/".
bool ends_in_folder(std::string_view folder, std::string_view inner) {
  if (!folder.ends_with(inner)) return false;
  return folder.size() == inner.size() || folder[folder.size() - inner.size() - 1] == '/';
}

}  // namespace

KeyParts parts_of(std::string_view key) noexcept {
  const std::size_t slash = key.rfind('/');
  const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  KeyParts parts{key.substr(0, begin), key.substr(begin), key.substr(begin)};
  const std::size_t dot = parts.name.rfind('.');
  if (dot != std::string_view::npos && dot != 0) parts.stem = parts.name.substr(0, dot);
  return parts;
}

std::string_view core_of(std::string_view stem) noexcept {
  std::size_t begin = 0;
  std::size_t end = stem.size();
  while (begin < end && !is_of_word(stem[begin])) ++begin;
  while (end > begin && !is_of_word(stem[end - 1])) --end;
  return begin == end ? stem : stem.substr(begin, end - begin);
}

bool is_derived(std::string_view key, std::string_view worked_on) noexcept {
  if (key == worked_on) return true;
  const KeyParts written = parts_of(key);
  const KeyParts before = parts_of(worked_on);
  const bool near =
      written.folder.starts_with(before.folder) || ends_in_folder(written.folder, before.folder);
  return near && holds_stem(written.name, before.stem);
}

void for_each_core(std::string_view key, const std::function<void(std::string_view)>& each) {
  const KeyParts parts = parts_of(key);
  each(core_of(parts.stem));
  std::array<std::size_t, kWordsMax> begins{};
  std::size_t words = 0;
  for (std::size_t i = 0; i < parts.name.size(); ++i) {
    if (!is_of_word(parts.name[i])) continue;
    if (i == 0 || !is_of_word(parts.name[i - 1])) {
      if (words == kWordsMax) return;
      begins[words++] = i;
    }
    const bool ends = i + 1 == parts.name.size() || !is_of_word(parts.name[i + 1]);
    if (!ends) continue;
    for (std::size_t first = 0; first < words; ++first) {
      each(parts.name.substr(begins[first], i + 1 - begins[first]));
    }
  }
}

}  // namespace convoke
