#include <cstdint>

#include "tests/redis_stand_in/command_table.h"

namespace convoke::stand_in {
namespace {

Value field_of(const Hash* hash, const std::string& field) {
  if (hash == nullptr) return nil();
  const auto found = hash->find(field);
  return found == hash->end() ? nil() : bulk(found->second);
}

Value hget(const Call& call) { return field_of(call.data.find<Hash>(call.key()), call.words[2]); }

Value hstrlen(const Call& call) {
  return count(field_of(call.data.find<Hash>(call.key()), call.words[2]).text.size());
}

Value hmget(const Call& call) {
  const Hash* const hash = call.data.find<Hash>(call.key());
  Value values = array();
  for (std::size_t i = 2; i < call.words.size(); ++i) {
    values.elements.push_back(field_of(hash, call.words[i]));
  }
  return values;
}

Value hexists(const Call& call) {
  const Hash* const hash = call.data.find<Hash>(call.key());
  return count(hash == nullptr ? 0 : hash->count(call.words[2]));
}

Value hgetall(const Call& call) {
  Value all = array();
  if (const Hash* const hash = call.data.find<Hash>(call.key())) {
    for (const auto& [field, value] : *hash) {
      all.elements.push_back(bulk(field));
      all.elements.push_back(bulk(value));
    }
  }
  return all;
}

Value hset(const Call& call) {
  if (call.words.size() % 2 == 1) return wrong_number_of_words(call.words[0]);
  Hash& hash = call.data.make<Hash>(call.key());
  std::size_t added = 0;
  for (std::size_t i = 2; i < call.words.size(); i += 2) {
    if (hash.insert_or_assign(call.words[i], call.words[i + 1]).second) ++added;
  }
  return count(added);
}

Value hsetnx(const Call& call) {
  const bool added = call.data.make<Hash>(call.key()).emplace(call.words[2], call.words[3]).second;
  return count(added ? 1 : 0);
}

Value hlen(const Call& call) {
  const Hash* const hash = call.data.find<Hash>(call.key());
  return count(hash == nullptr ? 0 : hash->size());
}

Value hdel(const Call& call) {
  Hash* const hash = call.data.find<Hash>(call.key());
  if (hash == nullptr) return integer(0);
  std::size_t deleted = 0;
  for (std::size_t i = 2; i < call.words.size(); ++i) deleted += hash->erase(call.words[i]);
  erase_if_empty(call.data, call.key(), *hash);
  return count(deleted);
}

// HSCAN key 0 COUNT n: all at once, as of a small hash.
Value hscan(const Call& call) {
  if (call.words.size() != 5 || !is_option(call.words[3], "count")) throw syntax_error();
  Value all = array();
  if (const Hash* const hash = call.data.find<Hash>(call.key())) {
    for (const auto& [field, value] : *hash) {
      all.elements.push_back(bulk(field));
      all.elements.push_back(bulk(value));
    }
  }
  return array({bulk("0"), std::move(all)});
}

bool overflows(std::int64_t a, std::int64_t b) {
  return b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b;
}

// As in Redis, a hash that was made for it stays if it fails; it cannot: 0 fits.
Value hincrby(const Call& call) {
  const std::int64_t by = integer_of(call.words[3]);
  Hash& hash = call.data.make<Hash>(call.key());
  const auto found = hash.find(call.words[2]);
  const auto before = found == hash.end() ? 0 : parse_integer(found->second);
  if (!before) throw Refusal{"ERR hash value is not an integer"};
  if (overflows(*before, by)) throw Refusal{"ERR increment or decrement would overflow"};
  hash[call.words[2]] = std::to_string(*before + by);
  return integer(*before + by);
}

}  // namespace

void add_hash_commands(CommandTable& table) {
  table["hget"] = {3, hget};
  table["hstrlen"] = {3, hstrlen};
  table["hlen"] = {2, hlen};
  table["hmget"] = {-3, hmget};
  table["hexists"] = {3, hexists};
  table["hgetall"] = {2, hgetall};
  table["hscan"] = {-3, hscan};
  table["hset"] = {-4, hset, Access::kNeedsMemory};
  table["hsetnx"] = {4, hsetnx, Access::kNeedsMemory};
  table["hdel"] = {-3, hdel, Access::kRemoves};
  table["hincrby"] = {4, hincrby, Access::kNeedsMemory};
}

}  // namespace convoke::stand_in
