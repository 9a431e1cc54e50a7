#include "tools/handed_over.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace convoke::cli {
namespace {

constexpr std::array<const char*, 3> kVariables{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"};

std::optional<int> number_in(const char* variable) {
  const char* const value = ::getenv(variable);
  const std::string_view text = value == nullptr ? "" : value;
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool speaks_of_sockets(std::string_view entry) {
  for (const std::string_view name : kVariables) {
    if (entry.substr(0, name.size()) == name && entry.substr(name.size(), 1) == "=") return true;
  }
  return false;
}

}  // namespace

Outcome<std::vector<OwnedFd>> take_handed_over(pid_t process) {
  std::vector<OwnedFd> sockets;
  const bool for_us = number_in("LISTEN_PID") == process;
  const std::optional<int> count = number_in("LISTEN_FDS");
  for (const char* name : kVariables) ::unsetenv(name);
  if (!for_us) return sockets;
  if (!count || *count < 0 || *count > kHandedOverMax) {
    return usage_failure(fmt::format("LISTEN_FDS must be a number up to {}", kHandedOverMax));
  }
  for (int i = 0; i < *count; ++i) sockets.emplace_back(kFirstHandedOver + i);
  return sockets;
}

std::vector<std::string> environment_handing_over(std::size_t count, pid_t process) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!speaks_of_sockets(*entry)) entries.emplace_back(*entry);
  }
  entries.push_back(fmt::format("LISTEN_FDS={}", count));
  entries.push_back(fmt::format("LISTEN_PID={}", process));
  return entries;
}

}  // namespace convoke::cli
