#include "core/guard/call_tree.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace convoke {
namespace {

// rank 1 | state 1 | function 8 | parent 16 | heard 6 | begun 6 | ended 6, big-endian
constexpr std::size_t kPackedSize = 44;

// Grows with each step of a call, whoever hears of it.
std::uint8_t rank_of(const TreeCall& call) {
  const int phase = call.state == TreeState::kRefused   ? 3
                    : call.state > TreeState::kRunning  ? 2
                    : call.state == TreeState::kRunning ? 1
                                                        : 0;
  return static_cast<std::uint8_t>(call.attempts * 4 + phase);
}

void add_number(std::string& text, std::uint64_t number, int bytes) {
  while (bytes > 0) text += static_cast<char>(number >> (8 * --bytes));
}

std::uint64_t take_number(std::string_view& text, std::size_t bytes) {
  std::uint64_t number = 0;
  for (const char byte : text.substr(0, bytes)) {
    number = number << 8 | static_cast<std::uint8_t>(byte);
  }
  text.remove_prefix(bytes);
  return number;
}

void add_time(std::string& text, WallTime time) {
  add_number(text, static_cast<std::uint64_t>(std::max<std::int64_t>(to_ms(time), 0)), 6);
}

WallTime take_time(std::string_view& text) {
  return wall_from_ms(static_cast<std::int64_t>(take_number(text, 6)));
}

CallId take_id(std::string_view& text) {
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(text.begin(), bytes.size(), bytes.begin());
  text.remove_prefix(bytes.size());
  return CallId::from_bytes(bytes);
}

}  // namespace

std::string pack(const TreeCall& call) {
  std::string text;
  text.reserve(kPackedSize);
  add_number(text, rank_of(call), 1);
  add_number(text, static_cast<std::uint64_t>(call.state), 1);
  add_number(text, call.function.value, 8);
  for (const std::uint8_t byte : call.parent.bytes()) text += static_cast<char>(byte);
  for (const WallTime time : {call.heard, call.begun, call.ended}) add_time(text, time);
  return text;
}

std::optional<TreeCall> unpack_tree_call(const CallId& id, std::string_view packed) {
  if (packed.size() != kPackedSize) return std::nullopt;
  TreeCall call;
  call.id = id;
  call.attempts = static_cast<std::uint8_t>(take_number(packed, 1) / 4);
  const std::uint64_t state = take_number(packed, 1);
  if (state > static_cast<std::uint64_t>(TreeState::kRefused)) return std::nullopt;
  call.state = static_cast<TreeState>(state);
  call.function = FunctionId{take_number(packed, 8)};
  call.parent = take_id(packed);
  call.heard = take_time(packed);
  call.begun = take_time(packed);
  call.ended = take_time(packed);
  return call;
}

std::size_t CallTree::step(const TreeCall& member, TreeState state, WallTime now) {
  const Place known = find(member.id);
  TreeCall call = known == kNone ? member : calls_[known];
  if (known == kNone) call.heard = now;
  call.state = state;
  if (state == TreeState::kRunning) {
    call.attempts = std::min<std::uint8_t>(static_cast<std::uint8_t>(call.attempts + 1),
                                           TreeCall::kAttemptsShown);
    call.begun = now;
    call.ended = {};
  } else if (state > TreeState::kRunning) {
    call.ended = now;
  }
  return learn(call);
}

std::size_t CallTree::learn(const TreeCall& call) {
  Place place = find(call.id);
  const bool fresh = place == kNone;
  if (fresh) {
    if (calls_.size() == kCallsMax) return 0;
    place = add(call);
  } else if (rank_of(call) < rank_of(calls_[place])) {
    return 0;
  } else {
    const FunctionId function = calls_[place].function;
    calls_[place] = call;
    if (call.function == FunctionId{}) calls_[place].function = function;  // not known there
  }
  note_changed(place);
  return fresh ? 1 : 0;
}

void CallTree::note_changed(Place place) {
  if (waits_[place]) return;
  waits_[place] = true;
  changed_.push_back(place);
}

std::vector<TreeCall> CallTree::take_changed() {
  std::vector<TreeCall> taken;
  taken.reserve(changed_.size());
  for (const Place place : changed_) {
    waits_[place] = false;
    taken.push_back(calls_[place]);
  }
  changed_.clear();
  return taken;
}

void CallTree::put_back(const std::vector<TreeCall>& changed) {
  for (const TreeCall& call : changed) {
    if (const Place place = find(call.id); place != kNone) note_changed(place);
  }
}

// ---- the index ----

// Where it stands, or would.
std::size_t CallTree::slot_of(const CallId& id) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t slot = std::hash<CallId>{}(id) >> 8 & mask;
  while (index_[slot] != kNone && calls_[index_[slot]].id != id) slot = (slot + 1) & mask;
  return slot;
}

CallTree::Place CallTree::find(const CallId& id) const {
  return index_.empty() ? kNone : index_[slot_of(id)];
}

CallTree::Place CallTree::add(const TreeCall& call) {
  if (index_.size() < 2 * (calls_.size() + 1)) grow_index();
  const auto place = static_cast<Place>(calls_.size());
  index_[slot_of(call.id)] = place;
  calls_.push_back(call);
  waits_.push_back(false);
  return place;
}

void CallTree::grow_index() {
  index_.assign(std::max<std::size_t>(8, index_.size() * 2), kNone);
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    index_[slot_of(calls_[i].id)] = static_cast<Place>(i);
  }
}

}  // namespace convoke
