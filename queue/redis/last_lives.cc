#include "queue/redis/last_lives.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::redis {
namespace {

constexpr std::string_view kPrefix = "life-";

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<std::map<std::uint16_t, std::uint64_t>> last_lives(LogDir& dir) {
  const auto names = dir.list();
  if (!names) return names.error();
  std::map<std::uint16_t, std::uint64_t> lives;
  for (const std::string& name : *names) {
    if (name.rfind(kPrefix, 0) != 0) continue;
    const auto shard = parse<std::uint16_t>(std::string_view(name).substr(kPrefix.size()));
    const auto text = dir.read_all(name);
    if (!shard || !text) continue;
    if (const auto life = parse<std::uint64_t>(*text)) lives[*shard] = *life;
  }
  return lives;
}

void note_life(IoThread& thread, LogDir& dir, ShardIndex shard, std::uint64_t incarnation) {
  thread.run(
      [&dir, shard, incarnation] {
        (void)dir.replace(std::string(kPrefix) + std::to_string(shard.value),
                          std::to_string(incarnation));
      },
      [] {});
}

}  // namespace convoke::redis
