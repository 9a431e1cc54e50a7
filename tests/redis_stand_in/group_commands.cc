// Consumer groups of streams.
#include <algorithm>
#include <cstdint>

#include "tests/redis_stand_in/command_table.h"

namespace convoke::stand_in {
namespace {

constexpr const char* kNeedsKey =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
    "the MKSTREAM option to create an empty stream automatically.";

Group* find_group(Stream* stream, const std::string& name) {
  if (stream == nullptr) return nullptr;
  const auto found = stream->groups.find(name);
  return found == stream->groups.end() ? nullptr : &found->second;
}

Group& group_of(const Call& call, const std::string& key, const std::string& name,
                const char* where = "") {
  if (Group* const group = find_group(call.data.find<Stream>(key), name)) return *group;
  throw Refusal{"NOGROUP No such key '" + key + "' or consumer group '" + name + "'" + where};
}

// ---- making and unmaking ----

Value create_group(const Call& call, Stream* stream) {
  const Words& words = call.words;
  const bool makes = words.size() == 6 && is_option(words[5], "mkstream");
  if (words.size() > 5 && !makes) throw syntax_error();
  if (stream == nullptr && !makes) throw Refusal{kNeedsKey};
  StreamId last;
  if (words[4] != "$") {
    last = strict_id_of(words[4]);
  } else if (stream != nullptr) {
    last = stream->last;
  }
  if (stream == nullptr) stream = &call.data.make<Stream>(words[2]);
  if (stream->groups.emplace(words[3], Group(last)).second) return ok();
  throw Refusal{"BUSYGROUP Consumer Group name already exists"};
}

Value delete_consumer(const Call& call, Stream* stream) {
  if (stream == nullptr) throw Refusal{kNeedsKey};
  if (Group* const group = find_group(stream, call.words[3])) {
    return count(group->delete_consumer(call.words[4]));
  }
  throw Refusal{"NOGROUP No such consumer group '" + call.words[3] + "' for key name '" +
                call.words[2] + "'"};
}

Value xgroup(const Call& call) {
  if (call.words.size() < 5) return wrong_number_of_words("xgroup|" + call.words[1]);
  Stream* const stream = call.data.find<Stream>(call.words[2]);
  if (is_option(call.words[1], "create")) return create_group(call, stream);
  if (is_option(call.words[1], "delconsumer")) return delete_consumer(call, stream);
  throw Refusal{"ERR unknown subcommand '" + call.words[1] + "'. Try XGROUP HELP."};
}

// ---- handing out ----

struct Read {
  std::string key;
  std::int64_t most = 0;  // 0: all
};

// XREADGROUP GROUP g c [COUNT n] STREAMS key >
Read read_of(const Words& words) {
  Read read;
  std::size_t i = 4;
  if (i + 1 < words.size() && is_option(words[i], "count")) {
    read.most = std::max<std::int64_t>(integer_of(words[i + 1]), 0);
    i += 2;
  }
  const bool known = is_option(words[1], "group") && i + 3 == words.size() &&
                     is_option(words[i], "streams") && words[i + 2] == ">";
  if (!known) throw syntax_error();
  read.key = words[i + 1];
  return read;
}

Value xreadgroup(const Call& call) {
  const Read read = read_of(call.words);
  const std::string& consumer = call.words[3];
  Group& group = group_of(call, read.key, call.words[2], " in XREADGROUP with GROUP option");
  const Stream& stream = *call.data.find<Stream>(read.key);
  std::int64_t left = read.most == 0 ? -1 : read.most;
  Value entries = array();
  for (auto at = stream.entries.upper_bound(group.last_delivered);
       at != stream.entries.end() && left-- != 0; ++at) {
    group.deliver(at->first, {consumer, call.now_ms, 1});
    group.last_delivered = at->first;
    entries.elements.push_back(entry_value(at->first, at->second));
  }
  if (entries.elements.empty()) return nil_array();
  return array({array({bulk(read.key), std::move(entries)})});
}

// What is no id is taken for an option.
std::vector<StreamId> claimed_ids_of(const Words& words) {
  std::vector<StreamId> ids;
  for (std::size_t i = 5; i < words.size(); ++i) {
    const auto id = find_strict_id(words[i]);
    if (!id) throw Refusal{"ERR Unrecognized XCLAIM option '" + words[i] + "'"};
    ids.push_back(*id);
  }
  return ids;
}

// XCLAIM key group consumer min-idle id ...
Value xclaim(const Call& call) {
  Group& group = group_of(call, call.key(), call.words[2]);
  Stream& stream = *call.data.find<Stream>(call.key());
  const auto idle_min = parse_integer(call.words[4]);
  if (!idle_min) throw Refusal{"ERR Invalid min-idle-time argument for XCLAIM"};
  Value claimed = array();
  for (const StreamId& id : claimed_ids_of(call.words)) {
    const auto pending = group.pending().find(id);
    const auto entry = stream.entries.find(id);
    if (entry == stream.entries.end()) group.acknowledge(id);  // nobody can have it any more
    if (entry == stream.entries.end() || pending == group.pending().end()) continue;
    const Delivery last = pending->second;
    // With 0 it is not looked at, be it that the clock has been set back.
    if (*idle_min > 0 && call.now_ms - last.at < *idle_min) continue;
    group.deliver(id, {call.words[3], call.now_ms, last.times + 1});
    claimed.elements.push_back(entry_value(id, entry->second));
  }
  return claimed;
}

Value xack(const Call& call) {
  Group* const group = find_group(call.data.find<Stream>(call.key()), call.words[2]);
  if (group == nullptr) return integer(0);
  std::size_t acknowledged = 0;
  for (const StreamId& id : strict_ids_of(call.words, 3)) {
    if (group->acknowledge(id)) ++acknowledged;
  }
  return count(acknowledged);
}

// ---- what is pending ----

Value summary_of(const Group& group) {
  if (group.pending().empty()) return array({integer(0), nil(), nil(), nil_array()});
  Value consumers = array();
  for (const auto& [name, held] : group.consumers()) {
    consumers.elements.push_back(array({bulk(name), bulk(std::to_string(held.size()))}));
  }
  return array({count(group.pending().size()), bulk(group.pending().begin()->first.text()),
                bulk(group.pending().rbegin()->first.text()), std::move(consumers)});
}

// XPENDING key group [start end count [consumer]]
Value xpending(const Call& call) {
  const Words& words = call.words;
  if (words.size() == 3) return summary_of(group_of(call, call.key(), words[2]));
  if (words.size() < 6 || words.size() > 7) throw syntax_error();
  std::int64_t left = std::max<std::int64_t>(integer_of(words[5]), 0);
  const StreamId start = interval_start_of(words[3]);
  const StreamId end = interval_end_of(words[4]);
  const Group& group = group_of(call, call.key(), words[2]);
  Value all = array();
  for (auto at = group.pending().lower_bound(start);
       at != group.pending().end() && at->first <= end && left > 0; ++at) {
    const Delivery& last = at->second;
    if (words.size() == 7 && last.consumer != words[6]) continue;
    --left;
    all.elements.push_back(array({bulk(at->first.text()), bulk(last.consumer),
                                  integer(call.now_ms - last.at), integer(last.times)}));
  }
  return all;
}

// XINFO GROUPS key; of what it tells of a group, what our scripts read.
Value xinfo(const Call& call) {
  if (call.words.size() != 3 || !is_option(call.words[1], "groups")) throw syntax_error();
  const Stream* const stream = call.data.find<Stream>(call.words[2]);
  if (stream == nullptr) throw Refusal{"ERR no such key"};
  Value all = array();
  for (const auto& [name, group] : stream->groups) {
    all.elements.push_back(array(
        {bulk("name"), bulk(name), bulk("last-delivered-id"), bulk(group.last_delivered.text())}));
  }
  return all;
}

}  // namespace

void add_group_commands(CommandTable& table) {
  table["xgroup"] = {-2, xgroup, Access::kNeedsMemory};
  table["xreadgroup"] = {-7, xreadgroup, Access::kRemoves};
  table["xclaim"] = {-6, xclaim, Access::kRemoves};
  table["xack"] = {-4, xack, Access::kRemoves};
  table["xpending"] = {-3, xpending};
  table["xinfo"] = {-2, xinfo};
}

}  // namespace convoke::stand_in
