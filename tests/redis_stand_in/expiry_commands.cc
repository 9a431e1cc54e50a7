// Keys that go by themselves.
#include <cstdint>
#include <limits>

#include "tests/redis_stand_in/command_table.h"

namespace convoke::stand_in {
namespace {

bool is_there(const Call& call) { return call.data.keys().contains(call.key()); }

// A time that is over by then ends it at once.
Value pexpire(const Call& call) {
  const std::int64_t span = integer_of(call.words[2]);
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (span > 0 && call.now_ms > kMax - span) {
    throw Refusal{"ERR invalid expire time in 'pexpire' command"};
  }
  if (!is_there(call)) return integer(0);
  if (span <= 0) {
    call.data.erase(call.key());
  } else {
    call.data.ends()[call.key()] = call.now_ms + span;
  }
  return integer(1);
}

Value persist(const Call& call) {
  return integer(is_there(call) && call.data.ends().erase(call.key()) > 0 ? 1 : 0);
}

Value pttl(const Call& call) {
  if (!is_there(call)) return integer(-2);
  const auto end = call.data.ends().find(call.key());
  return integer(end == call.data.ends().end() ? -1 : end->second - call.now_ms);
}

}  // namespace

void add_expiry_commands(CommandTable& table) {
  table["pexpire"] = {3, pexpire, Access::kRemoves};
  table["persist"] = {2, persist, Access::kRemoves};
  table["pttl"] = {2, pttl};
}

}  // namespace convoke::stand_in
