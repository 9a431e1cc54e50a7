#include "queue/journal/incarnation.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace convoke::journal {
namespace {

constexpr const char* kFile = "incarnation";

Result<std::uint32_t> last_incarnation(LogDir& dir) {
  const auto names = dir.list();
  if (!names.ok()) return names.error();
  if (std::find(names->begin(), names->end(), kFile) == names->end()) return std::uint32_t{0};
  const auto text = dir.read_all(kFile);
  if (!text.ok()) return text.error();
  std::uint32_t number = 0;
  const char* const end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, number);
  if (parsed.ec != std::errc{} || std::string_view(parsed.ptr, end) != "\n") {
    return Error{ErrorCode::kInternalServerError,
                 "the file 'incarnation' in the state directory is damaged: it must hold a number "
                 "greater than any that this engine has used, and a line end"};
  }
  if (number == std::numeric_limits<std::uint32_t>::max()) {
    return Error{ErrorCode::kInternalServerError, "this state directory is used up: 2^32 starts"};
  }
  return number;
}

}  // namespace

Result<std::uint32_t> next_incarnation(LogDir& dir) {
  const auto last = last_incarnation(dir);
  if (!last.ok()) return last.error();
  const std::uint32_t next = *last + 1;
  if (auto replaced = dir.replace(kFile, std::to_string(next) + "\n"); !replaced.ok()) {
    return replaced.error();
  }
  return next;
}

Result<void> check_incarnation(LogDir& dir) {
  const auto last = last_incarnation(dir);
  return last.ok() ? Result<void>{} : last.error();
}

}  // namespace convoke::journal
