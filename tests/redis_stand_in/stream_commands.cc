// Streams, but for their groups (group_commands.cc).
#include <cstdint>

#include "tests/redis_stand_in/command_table.h"

namespace convoke::stand_in {
namespace {

StreamId id_for(const Stream& stream, const std::string& word, std::int64_t now_ms) {
  if (word != "*") return strict_id_of(word);
  const auto next = stream.next_id(now_ms);
  if (next) return *next;
  throw Refusal{"ERR The stream has exhausted the last possible ID, unable to add more items"};
}

// XADD key [MAXLEN ~ n] id field value ...: about n are kept, and here all.
Value xadd(const Call& call) {
  const bool about = call.words.size() > 5 && is_option(call.words[2], "maxlen") &&
                     call.words[3] == "~" && integer_of(call.words[4]) > 0;
  const std::size_t at = about ? 5 : 2;
  const std::string& word = call.words[at];
  const bool given = word != "*";
  if (given) static_cast<void>(strict_id_of(word));
  if ((call.words.size() - at) % 2 == 0) return wrong_number_of_words(call.words[0]);
  if (given && strict_id_of(word) == kFirstId)
    throw Refusal{"ERR The ID specified in XADD must be greater than 0-0"};
  const auto begin = call.words.begin() + static_cast<std::ptrdiff_t>(at) + 1;
  Stream& stream = call.data.make<Stream>(call.key());
  const StreamId id = id_for(stream, word, call.now_ms);
  if (id <= stream.last) {
    throw Refusal{
        "ERR The ID specified in XADD is equal or smaller than the target stream top item"};
  }
  stream.entries.emplace(id, Stream::Fields(begin, call.words.end()));
  stream.last = id;
  return bulk(id.text());
}

Value xlen(const Call& call) {
  const Stream* const stream = call.data.find<Stream>(call.key());
  return count(stream == nullptr ? 0 : stream->entries.size());
}

// Negative: all.
std::int64_t most_of(const Words& words) {
  std::int64_t most = -1;
  for (std::size_t i = 4; i < words.size(); i += 2) {
    if (!is_option(words[i], "count") || i + 1 == words.size()) throw syntax_error();
    most = std::max<std::int64_t>(integer_of(words[i + 1]), 0);
  }
  return most;
}

Value xrange(const Call& call) {
  const StreamId start = interval_start_of(call.words[2]);
  const StreamId end = interval_end_of(call.words[3]);
  std::int64_t most = most_of(call.words);
  const Stream* const stream = call.data.find<Stream>(call.key());
  if (stream == nullptr) return array();
  if (most == 0) return nil_array();
  Value all = array();
  for (auto at = stream->entries.lower_bound(start);
       at != stream->entries.end() && at->first <= end && most-- != 0; ++at) {
    all.elements.push_back(entry_value(at->first, at->second));
  }
  return all;
}

Value xdel(const Call& call) {
  Stream* const stream = call.data.find<Stream>(call.key());
  if (stream == nullptr) return integer(0);
  std::size_t deleted = 0;
  for (const StreamId& id : strict_ids_of(call.words, 2)) deleted += stream->entries.erase(id);
  return count(deleted);
}

}  // namespace

std::vector<StreamId> strict_ids_of(const Words& words, std::size_t from) {
  std::vector<StreamId> ids;
  for (std::size_t i = from; i < words.size(); ++i) ids.push_back(strict_id_of(words[i]));
  return ids;
}

Value entry_value(const StreamId& id, const Stream::Fields& fields) {
  Value texts = array();
  for (const std::string& field : fields) texts.elements.push_back(bulk(field));
  return array({bulk(id.text()), std::move(texts)});
}

void add_stream_commands(CommandTable& table) {
  table["xadd"] = {-5, xadd, Access::kNeedsMemory};
  table["xlen"] = {2, xlen};
  table["xrange"] = {-4, xrange};
  table["xdel"] = {-3, xdel, Access::kRemoves};
}

}  // namespace convoke::stand_in
