// What a command answers, as a tree, before it becomes bytes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace convoke::stand_in {

struct Value {
  enum class Kind : std::uint8_t { kNil, kNilArray, kStatus, kError, kInteger, kBulk, kArray };

  Kind kind = Kind::kNil;
  std::int64_t number = 0;
  std::string text;  // of a status, an error or a bulk string
  std::vector<Value> elements;

  [[nodiscard]] bool is_nil() const { return kind == Kind::kNil || kind == Kind::kNilArray; }
  [[nodiscard]] bool is_error() const { return kind == Kind::kError; }
};

[[nodiscard]] inline Value nil() { return {}; }
[[nodiscard]] inline Value nil_array() { return {Value::Kind::kNilArray, 0, {}, {}}; }
[[nodiscard]] inline Value status(std::string text) {
  return {Value::Kind::kStatus, 0, std::move(text), {}};
}
[[nodiscard]] inline Value ok() { return status("OK"); }
[[nodiscard]] inline Value error(std::string text) {
  return {Value::Kind::kError, 0, std::move(text), {}};
}
[[nodiscard]] inline Value bulk(std::string text) {
  return {Value::Kind::kBulk, 0, std::move(text), {}};
}
[[nodiscard]] inline Value array(std::vector<Value> elements = {}) {
  return {Value::Kind::kArray, 0, {}, std::move(elements)};
}
[[nodiscard]] inline Value integer(std::int64_t number) {
  return {Value::Kind::kInteger, number, {}, {}};
}
[[nodiscard]] inline Value count(std::size_t number) {
  return integer(static_cast<std::int64_t>(number));
}

// As RESP2 has it.
void append_to(std::string& out, const Value& value);

}  // namespace convoke::stand_in
