#include "workers/frames.h"

#include <algorithm>
#include <utility>

namespace convoke {
namespace {

template <class Number>
void put(std::string& out, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i))));
  }
}

template <class Number>
Number get(std::string_view bytes) {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value |= static_cast<Number>(Number{static_cast<std::uint8_t>(bytes[i])} << (8 * i));
  }
  return value;
}

void put_head(std::string& out, FrameKind kind, std::uint64_t call, std::size_t payload_size) {
  put(out, static_cast<std::uint32_t>(payload_size));
  out.push_back(static_cast<char>(kind));
  out.append(3, '\0');
  put(out, call);
}

bool is_legal(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(FrameKind::kSetup) &&
         kind <= static_cast<std::uint8_t>(FrameKind::kError);
}

}  // namespace

std::string encode_frame(FrameKind kind, std::uint64_t call, std::string_view payload) {
  std::string bytes;
  bytes.reserve(kFrameHeadBytes + payload.size());
  put_head(bytes, kind, call, payload.size());
  return bytes.append(payload);
}

std::string encode_invoke(std::uint64_t call, std::string_view head, std::string_view event) {
  const std::size_t payload_size = sizeof(std::uint32_t) + head.size() + event.size();
  std::string bytes;
  bytes.reserve(kFrameHeadBytes + payload_size);
  put_head(bytes, FrameKind::kInvoke, call, payload_size);
  put(bytes, static_cast<std::uint32_t>(head.size()));
  return bytes.append(head).append(event);
}

std::optional<Frame> FrameReader::next(std::string_view& bytes) {
  if (broken_) return std::nullopt;
  if (!in_payload_) {
    take(head_, kFrameHeadBytes, bytes);
    if (head_.size() < kFrameHeadBytes || !read_head()) return std::nullopt;
  }
  take(frame_.payload, payload_size_, bytes);
  if (frame_.payload.size() < payload_size_) return std::nullopt;
  in_payload_ = false;
  return std::exchange(frame_, {});
}

bool FrameReader::read_head() {
  payload_size_ = get<std::uint32_t>(head_);
  const auto kind = static_cast<std::uint8_t>(head_[4]);
  broken_ = !is_legal(kind) || payload_size_ > kFramePayloadMax;
  if (broken_) return false;
  frame_.kind = static_cast<FrameKind>(kind);
  frame_.call = get<std::uint64_t>(std::string_view(head_).substr(8));
  head_.clear();
  in_payload_ = true;
  return true;
}

void FrameReader::take(std::string& into, std::size_t wanted, std::string_view& bytes) {
  const std::size_t size = std::min(wanted - into.size(), bytes.size());
  into.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
}

}  // namespace convoke
