#include "workers/output_lines.h"

#include <algorithm>

namespace convoke {
namespace {

// Cut at twice the size kept, so that appending stays cheap.
void append_to_tail(std::string& tail, std::string_view text) {
  tail.append(text).push_back('\n');
  if (tail.size() > 2 * kLogTailBytes) tail.erase(0, tail.size() - kLogTailBytes);
}

void cut_tail(std::string& tail) {
  if (tail.size() > kLogTailBytes) tail.erase(0, tail.size() - kLogTailBytes);
}

// The UUIDs in a text, one after the other: found by their first dash.
template <class Accept>
std::optional<CallId> find_call_id(std::string_view text, const Accept& accept) {
  constexpr std::size_t kFirstDash = 8;
  for (std::size_t dash = text.find('-'); dash != std::string_view::npos;
       dash = text.find('-', dash + 1)) {
    if (dash < kFirstDash) continue;
    const std::size_t start = dash - kFirstDash;
    if (start + CallId::kTextSize > text.size()) return std::nullopt;
    const std::optional<CallId> id = CallId::parse(text.substr(start, CallId::kTextSize));
    if (id.has_value() && accept(*id)) return id;
  }
  return std::nullopt;
}

}  // namespace

void OutputLines::bytes(OutputStream stream_name, std::string_view bytes) {
  Stream& stream = streams_[static_cast<std::size_t>(stream_name)];
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    add_partial(stream, bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    end_line(stream);
    bytes.remove_prefix(end + 1);
  }
}

void OutputLines::add_partial(Stream& stream, std::string_view piece) {
  if (stream.cutting) return;
  const std::size_t room = kLogLineBytesMax - stream.partial.size();
  stream.partial.append(piece.substr(0, room));
  stream.cutting = piece.size() > room;
}

void OutputLines::end_line(Stream& stream) {
  std::string_view text = stream.partial;
  if (!stream.cutting && !text.empty() && text.back() == '\r') text.remove_suffix(1);
  line(text);
  stream.partial.clear();
  stream.cutting = false;
}

void OutputLines::flush() {
  for (Stream& stream : streams_) {
    if (!stream.partial.empty()) end_line(stream);
  }
}

void OutputLines::line(std::string_view text) {
  const std::optional<CallId> owner = owner_of(text);
  sink_.write({function_, instance_id_, owner, clock_.wall(), text});
  if (starting_) append_to_tail(start_log_, text);
  for (OpenCall& call : open_) {
    if (call.keep == KeepTail::kYes && owner == call.id) append_to_tail(call.tail, text);
  }
}

std::optional<CallId> OutputLines::owner_of(std::string_view text) const {
  const std::optional<CallId> named =
      find_call_id(text, [this](const CallId& id) { return is_ours(id); });
  if (named.has_value()) return named;
  return open_.size() == 1 ? std::optional(open_.front().id) : std::nullopt;
}

bool OutputLines::is_ours(const CallId& id) const {
  if (ended_last_ == id) return true;
  return std::any_of(open_.begin(), open_.end(),
                     [&id](const OpenCall& call) { return call.id == id; });
}

void OutputLines::begin_call(const CallId& id, KeepTail keep) { open_.push_back({id, keep, {}}); }

std::string OutputLines::end_call(const CallId& id) {
  if (open_.size() == 1) flush();
  const auto call = std::find_if(open_.begin(), open_.end(),
                                 [&id](const OpenCall& open) { return open.id == id; });
  if (call == open_.end()) return {};
  std::string tail = std::move(call->tail);
  cut_tail(tail);
  open_.erase(call);
  ended_last_ = id;
  return tail;
}

void OutputLines::started() {
  starting_ = false;
  start_log_ = std::string();
}

}  // namespace convoke
