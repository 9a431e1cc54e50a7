#include "queue/redis/keys.h"

#include <fmt/format.h>

#include <charconv>

#include "core/model/delivery_line.h"

namespace convoke::redis {

FunctionKeys::FunctionKeys(std::string_view prefix, FunctionId function) {
  constexpr std::string_view kKinds = "qdcln";
  constexpr std::array<std::string_view, kHistoryKeys> kHistoryKinds = {
      "h", "ha", "he", "hr", "hn", "hf", "ho", "hw", "hd", "ht"};
  tag_ = fmt::format("{{{}:{}}}", prefix, function_of_line(function).value);
  const std::string_view line = is_delivery_line(function) ? "d" : "";
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    keys_[i] = fmt::format("{}:{}{}", tag_, line, kKinds[i]);
  }
  for (std::size_t i = 0; i < history_.size(); ++i) {
    history_[i] = fmt::format("{}:{}", tag_, kHistoryKinds[i]);
  }
  absent_ = tag_ + ":absent";
}

std::string FunctionKeys::event(std::string_view id) const {
  return fmt::format("{}:e:{}", tag_, id);
}

SharedKeys::SharedKeys(std::string_view prefix)
    : incarnation(fmt::format("{}:incarnation", prefix)),
      engines(fmt::format("{}:engines", prefix)),
      functions(fmt::format("{}:functions", prefix)),
      token_key(fmt::format("{}:token-key", prefix)),
      waiting(fmt::format("{}:waiting", prefix)),
      collected(fmt::format("{}:collected", prefix)),
      ready(fmt::format("{}:ready", prefix)),
      stops(fmt::format("{}:stops", prefix)),
      stopped(fmt::format("{}:stopped", prefix)) {}

std::optional<FunctionId> parse_function(std::string_view text) {
  FunctionId function;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, function.value);
  return parsed.ec == std::errc{} && parsed.ptr == end ? std::optional(function) : std::nullopt;
}

std::string functions_of(std::string_view prefix, std::uint64_t incarnation) {
  return fmt::format("{}:functions-of:{}", prefix, incarnation);
}

}  // namespace convoke::redis
