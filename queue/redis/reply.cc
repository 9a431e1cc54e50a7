#include "queue/redis/reply.h"

#include <charconv>

namespace convoke::redis {
namespace {

constexpr ReplyNode kNilNode{};

bool is_text(Reply::Kind kind) {
  return kind == Reply::Kind::kStatus || kind == Reply::Kind::kError || kind == Reply::Kind::kBulk;
}

}  // namespace

const ReplyNode& Reply::node() const {
  return tree_ == nullptr || node_ >= tree_->nodes.size() ? kNilNode : tree_->nodes[node_];
}

Reply::Kind Reply::kind() const { return node().kind; }

bool Reply::is_status(std::string_view status) const {
  return kind() == Kind::kStatus && text() == status;
}

bool Reply::is_error(std::string_view code) const {
  if (!is_error()) return false;
  const std::string_view words = text();
  return words.substr(0, words.find(' ')) == code;
}

std::string_view Reply::text() const {
  const ReplyNode& it = node();
  if (!is_text(it.kind)) return {};
  return std::string_view(tree_->bytes).substr(static_cast<std::size_t>(it.value), it.size);
}

std::optional<std::int64_t> Reply::integer() const {
  const ReplyNode& it = node();
  if (it.kind == Kind::kInteger) return it.value;
  if (it.kind != Kind::kBulk) return std::nullopt;
  const std::string_view digits = text();
  const char* end = digits.data() + digits.size();
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

std::size_t Reply::size() const { return is_array() ? node().size : 0; }

Reply Reply::operator[](std::size_t i) const {
  if (i >= size()) return {};
  return {*tree_, static_cast<std::uint32_t>(static_cast<std::size_t>(node().value) + i)};
}

}  // namespace convoke::redis
