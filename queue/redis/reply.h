// One reply of a Redis server (RESP2), as a view.
//
// A Reply is two words and copied freely; what it shows belongs to the reader it came from, and is
// there during the callback that got it only: take what is to be kept. Every accessor may be used
// on every kind: where it does not fit, it gives nothing, "" or nil.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::redis {

struct ReplyNode;
struct ReplyTree;

class Reply {
 public:
  enum class Kind : std::uint8_t { kNil, kStatus, kError, kInteger, kBulk, kArray };

  Reply() = default;  // nil
  Reply(const ReplyTree& tree, std::uint32_t node) : tree_(&tree), node_(node) {}

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] bool is_nil() const { return kind() == Kind::kNil; }
  [[nodiscard]] bool is_array() const { return kind() == Kind::kArray; }
  [[nodiscard]] bool is_status(std::string_view status) const;  // "OK", "QUEUED", ...
  [[nodiscard]] bool is_error() const { return kind() == Kind::kError; }
  // An error whose first word is `code`: "MOVED", "NOSCRIPT", ...
  [[nodiscard]] bool is_error(std::string_view code) const;

  // The bytes of a status, an error or a bulk string.
  [[nodiscard]] std::string_view text() const;
  // An integer, or a bulk string that is one from end to end, as hashes hold them.
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  [[nodiscard]] std::size_t size() const;               // the elements of an array
  [[nodiscard]] Reply operator[](std::size_t i) const;  // of an array; beyond its end: nil

 private:
  [[nodiscard]] const ReplyNode& node() const;

  const ReplyTree* tree_ = nullptr;
  std::uint32_t node_ = 0;
};

struct ReplyNode {
  Reply::Kind kind = Reply::Kind::kNil;
  std::uint32_t size = 0;  // of a text in bytes, of an array in elements
  std::int64_t value = 0;  // the integer; where in `bytes` the text, in `nodes` the first child
};

// Where the nodes and bytes of a reply lie, one after the other: no allocation for each, and none
// at all once the two have grown. The elements of an array stand beside each other.
struct ReplyTree {
  std::vector<ReplyNode> nodes;  // the first is the reply itself
  std::string bytes;
};

}  // namespace convoke::redis
