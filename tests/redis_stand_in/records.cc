#include "tests/redis_stand_in/records.h"

#include <algorithm>

namespace convoke::stand_in {
namespace {

constexpr std::int64_t kAttemptsKept = 20;
const std::string kNever(6, '\0');

bool is_internal(const std::string& name) { return !name.empty() && name.front() == '@'; }

}  // namespace

std::string sub(const std::string& text, std::size_t from, std::size_t to) {
  if (from > text.size() || to < from) return {};
  return text.substr(from - 1, to - from + 1);
}

std::string sub(const std::string& text, std::size_t from) { return sub(text, from, text.size()); }

std::string bytes_of(std::int64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) {
    bytes.insert(bytes.begin(), static_cast<char>(value & 0xff));
    value >>= 8;
  }
  return bytes;
}

std::string Records::record_of(const std::string& call) {
  const std::int64_t qualifier = number_at(call, 38, 38);
  const std::int64_t name = is_internal(name_of(call)) ? 0 : number_at(call, 39, 39);
  return std::string(1, '\0') + sub(call, 17, 28) + std::string(17, '\0') +
         std::string("\1\0\0", 3) + bytes_of(qualifier, 1) + bytes_of(name, 1) +
         sub(call, 40, static_cast<std::size_t>(39 + qualifier + name));
}

std::size_t Records::texts_end(const std::string& record) {
  return static_cast<std::size_t>(35 + number_at(record, 34, 34) + number_at(record, 35, 35));
}

std::string Records::with_attempt(const std::string& record, const std::string& id,
                                  const std::string& attempt, const std::string& due,
                                  const std::string& retries) const {
  const std::int64_t told = number_at(record, 28, 31);
  const std::int64_t made = number_at(record, 32, 33);
  std::string started = sub(attempt, 14, 19);
  int more = 1;
  if (sub(attempt, 8, 13) != kNever) ++more;
  if (started != kNever) {
    ++more;
  } else {
    started = sub(record, 14, 19);
  }
  lua.call({"HSET", attempts, id + bytes_of(made, 2), bytes_of(told + 1, 4) + attempt});
  if (made >= kAttemptsKept) {
    lua.call({"HDEL", attempts, id + bytes_of(made - kAttemptsKept, 2)});
  }
  lua.call({"HDEL", under_way, id});
  return sub(attempt, 1, 1) + sub(record, 2, 7) + due + started + sub(record, 20, 25) + retries +
         bytes_of(told + more, 4) + bytes_of(made + 1, 2) + sub(record, 34);
}

std::string Records::status_after(const std::string& record, const std::string& id,
                                  const std::string& status) const {
  const std::string told = sub(record, texts_end(record) + 1);
  if (status != "Pending") return status;
  const Value sooner = lua.call({"HGET", early, id});
  if (!sooner.is_nil()) lua.call({"HDEL", early, id});
  if (!sooner.text.empty()) return sooner.text;
  return told.empty() ? status : told;
}

void Records::close(const std::string& call, const std::string& attempt, const std::string& status,
                    const std::string& result) const {
  const std::string id = id_of(call);
  const std::string event = event_of(call);
  const bool apart = lies_apart(call);
  const std::string name = name_of(call);
  if (is_internal(name)) function.free_name(name);
  const Value found = lua.call({"HGET", records, id});
  const std::string known = found.is_nil() ? record_of(call) : found.text;
  std::string record = with_attempt(known, id, attempt, sub(known, 8, 13), sub(call, 33, 34));
  record = sub(record, 1, 19) + sub(attempt, 2, 7) + sub(record, 26, texts_end(record)) +
           status_after(record, id, status);
  lua.call({"HSET", records, id, record});
  if (!event.empty()) lua.call({"HSET", events, apart ? id + "+" : id, event});
  if (!result.empty()) lua.call({"HSET", results, id, result});
  lua.call({"ZADD", over, number_at(attempt, 2, 7), id});
  const std::int64_t state = number_at(attempt, 1, 1);
  if (state == 5 || state == 8) lua.call({"ZADD", failed, number_at(record, 2, 7), id});
  const auto bytes = apart ? number_at(event, 1, 4) : static_cast<std::int64_t>(event.size());
  function.count("kept", bytes + static_cast<std::int64_t>(result.size()));
}

void Records::forget(const std::string& id, const std::string& record) const {
  const auto name_at = static_cast<std::size_t>(36 + number_at(record, 34, 34));
  const std::string name = sub(record, name_at, texts_end(record));
  const std::int64_t made = number_at(record, 32, 33);
  std::int64_t bytes = lua.call({"HSTRLEN", events, id}).number;
  bytes += lua.call({"HSTRLEN", results, id}).number;
  if (const Value apart = lua.call({"HGET", events, id + "+"}); !apart.is_nil()) {
    bytes += number_at(apart.text, 1, 4);
    lua.call({"UNLINK", function.event_key(id)});
    lua.call({"HDEL", events, id + "+"});
  }
  for (std::int64_t i = std::max<std::int64_t>(made - kAttemptsKept, 0); i < made; ++i) {
    lua.call({"HDEL", attempts, id + bytes_of(i, 2)});
  }
  for (const std::string* const hash : {&records, &events, &results, &taken}) {
    lua.call({"HDEL", *hash, id});
  }
  for (const std::string* const set : {&named, &failed, &over}) lua.call({"ZREM", *set, id});
  if (!name.empty() && lua.call({"HGET", function.names, name}).text == id) {
    lua.call({"HDEL", function.names, name});
  }
  function.count("kept", -bytes);
}

}  // namespace convoke::stand_in
