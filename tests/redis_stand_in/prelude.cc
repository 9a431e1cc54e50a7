#include "tests/redis_stand_in/prelude.h"

namespace convoke::stand_in {
namespace {

std::int64_t byte_at(const std::string& bytes, std::size_t i) {
  if (i > bytes.size()) return 0;
  return static_cast<unsigned char>(bytes[i - 1]);
}

// Of a call that follows another's end.
bool follows(const std::string& name) { return name.size() > 36 && name.front() == '@'; }

std::size_t lineage_bytes(const std::string& call) {
  const auto flags = byte_at(call, 37);
  return static_cast<std::size_t>(flags / 4 % 2 * 69 + flags / 8 % 2 * 16);
}

}  // namespace

std::int64_t number_at(const std::string& bytes, std::size_t from, std::size_t to) {
  std::int64_t value = 0;
  for (std::size_t i = from; i <= to; ++i) value = value * 256 + byte_at(bytes, i);
  return value;
}

std::int64_t accepted_at(const std::string& call) { return number_at(call, 17, 22); }

std::string id_of(const std::string& call) { return call.substr(0, 16); }

std::string behind_head(const std::string& call) { return call.size() < 40 ? "" : call.substr(39); }

std::string name_of(const std::string& call) {
  const auto qualifier = static_cast<std::size_t>(byte_at(call, 38));
  const auto name = static_cast<std::size_t>(byte_at(call, 39));
  const std::string texts = behind_head(call);
  return qualifier >= texts.size() ? "" : texts.substr(qualifier, name);
}

bool lies_apart(const std::string& call) { return byte_at(call, 37) / 2 % 2 == 1; }

std::string event_of(const std::string& call) {
  const auto before = 39 + static_cast<std::size_t>(byte_at(call, 38) + byte_at(call, 39));
  const std::size_t behind = lineage_bytes(call);
  return call.size() < before + behind ? "" : call.substr(before, call.size() - before - behind);
}

std::int64_t pieces_of(const std::string& call) {
  const std::string reference = event_of(call);
  const std::int64_t piece = number_at(reference, 5, 8);
  return piece > 0 ? (number_at(reference, 1, 4) + piece - 1) / piece : 0;
}

std::optional<Value> first_of(const Value& entries) {
  return entries.elements.empty() ? std::nullopt : std::optional(entries.elements.front());
}

bool Function::holds_lease(const std::string& incarnation) const {
  return lua.call({"HGET", leases, incarnation}).text == "1";
}

void Function::count(const char* field, std::int64_t by) const {
  if (by != 0) lua.call({"HINCRBY", counts, field, by});
}

std::int64_t Function::counted(const char* field) const {
  const Value told = lua.call({"HGET", counts, field});
  return told.is_nil() ? 0 : to_number(told.text);
}

Value Function::stand() const {
  Value told = array(
      {integer(counted("accepted")), integer(counted("claimed")), integer(counted("settled"))});
  const Value first = lua.call({"ZRANGE", delayed, 0, 0, "WITHSCORES"});
  told.elements.push_back(lua.call({"XLEN", stream}));
  told.elements.push_back(lua.call({"ZCARD", delayed}));
  const Value* const due = at(first, 1);
  told.elements.push_back(
      integer(due == nullptr ? -1 : static_cast<std::int64_t>(score_of(due->text))));
  return told;
}

std::string Function::tag() const {
  const std::size_t tag = counts.rfind("}:");
  return tag == std::string::npos ? "" : counts.substr(0, tag + 2);
}

std::string Function::key_of_ended(const std::string& name) const { return tag() + "n:" + name; }

void Function::free_name(const std::string& name) const {
  if (name.empty()) return;
  lua.call({"HDEL", names, name});
  if (!follows(name)) return;
  lua.call({"SET", key_of_ended(name), ""});
  lua.call({"PEXPIRE", key_of_ended(name), 120000});
}

bool Function::take_name(const std::string& name, const std::string& id) const {
  if (follows(name) && !lua.call({"GET", key_of_ended(name)}).is_nil()) return false;
  return lua.call({"HSETNX", names, name, id}).number == 1;
}

std::string Function::key_of_event(const std::string& id) const { return tag() + "e:" + id; }

std::string Function::event_key(const std::string& call) const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (const char c : id_of(call)) {
    const auto byte = static_cast<unsigned char>(c);
    id.push_back(kDigits[byte >> 4]);
    id.push_back(kDigits[byte & 15]);
  }
  return key_of_event(id);
}

void Function::let_event_go(const std::string& call) const {
  if (lies_apart(call)) lua.call({"UNLINK", event_key(call)});
}

std::optional<Value> Function::entry_at(const std::string& id) const {
  return first_of(lua.call({"XRANGE", stream, id, id}));
}

}  // namespace convoke::stand_in
