#include "core/guard/access_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace convoke {
namespace {

Error wrong(std::string why) { return {ErrorCode::kInvalidArgument, std::move(why)}; }

std::vector<std::string_view> fields_of(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t first = line.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return fields;
    line.remove_prefix(first);
    const std::string_view field = line.substr(0, line.find_first_of(kBlank));
    fields.push_back(field);
    line.remove_prefix(field.size());
  }
}

// In an Authorization header it stands between a blank and a colon.
bool may_stand_in_id(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}
bool is_printable(char c) { return c > ' ' && c <= '~'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class May>
bool holds(std::string_view field, std::size_t min, std::size_t max, May&& may) {
  return field.size() >= min && field.size() <= max && std::all_of(field.begin(), field.end(), may);
}

std::optional<std::string> why_wrong(const std::vector<std::string_view>& fields) {
  if (fields.size() < 2 || fields.size() > 3) return "is not 'ACCESS_KEY_ID SECRET [ACCOUNT_ID]'";
  if (!holds(fields[0], 1, kAccessKeyIdBytesMax, may_stand_in_id)) {
    return fmt::format("has an access key ID that is not 1 to {} letters, digits, '-', '_' and '.'",
                       kAccessKeyIdBytesMax);
  }
  if (fields[0].starts_with(kTemporaryKeyPrefix)) {
    return fmt::format("has an access key ID that begins with '{}', as temporary ones do",
                       kTemporaryKeyPrefix);
  }
  if (!holds(fields[1], kAccessKeySecretBytesMin, kAccessKeySecretBytesMax, is_printable)) {
    return fmt::format("has a secret that is not {} to {} printable characters",
                       kAccessKeySecretBytesMin, kAccessKeySecretBytesMax);
  }
  if (fields.size() == 3 && !holds(fields[2], 1, kAccountIdBytesMax, is_digit)) {
    return fmt::format("has an account ID that is not 1 to {} digits", kAccountIdBytesMax);
  }
  return std::nullopt;
}

}  // namespace

Result<std::shared_ptr<const AccessKeys>> AccessKeys::read(std::string_view text,
                                                           std::string_view account_id) {
  if (text.size() > kAccessKeysBytesMax) {
    return wrong(fmt::format("more than {} bytes of access keys", kAccessKeysBytesMax));
  }
  auto keys = std::make_shared<AccessKeys>();
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (auto added = keys->add(line, account_id); !added) {
      return wrong(fmt::format("line {} {}", number, added.error().message));
    }
  }
  if (keys->keys_.empty()) return wrong("no access key in it");
  return std::shared_ptr<const AccessKeys>(std::move(keys));
}

Result<void> AccessKeys::add(std::string_view line, std::string_view account_id) {
  const std::vector<std::string_view> fields = fields_of(line);
  if (fields.empty() || fields.front().front() == '#') return {};
  if (auto why = why_wrong(fields)) return wrong(*std::move(why));
  if (keys_.size() == kAccessKeysMax) {
    return wrong(fmt::format("is one access key more than the {} that may be", kAccessKeysMax));
  }
  const std::string_view account = fields.size() == 3 ? fields[2] : account_id;
  const auto [place, is_new] =
      keys_.try_emplace(std::string(fields[0]), Key{std::string(fields[1]), std::string(account)});
  if (!is_new) return wrong("has an access key ID that an earlier line has");
  return {};
}

const AccessKeys::Key* AccessKeys::find(std::string_view id) const {
  const auto found = keys_.find(std::string(id));
  return found == keys_.end() ? nullptr : &found->second;
}

}  // namespace convoke
