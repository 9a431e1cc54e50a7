// One JSON object, read by the names of its members: whatever is wrong is remembered, and asked for
// once, at the end.
//
// Views that it gives are good for as long as it lives. Owner thread only.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/error.h"

namespace convoke::shared_registry {

class RowReader {
 public:
  // `kind` is named in the error.
  RowReader(std::string_view kind, std::string_view row);
  RowReader(const RowReader&) = delete;  // what it has parsed points into it
  RowReader& operator=(const RowReader&) = delete;

  [[nodiscard]] std::string text(std::string_view member);
  [[nodiscard]] bool flag(std::string_view member);
  template <class Number>
  [[nodiscard]] Number number(std::string_view member) {
    const std::int64_t value = integer(member);
    const auto fitting = static_cast<Number>(value);
    if (static_cast<std::int64_t>(fitting) != value) wrong(member, "is out of range");
    return fitting;
  }
  [[nodiscard]] bool has(std::string_view member);
  // The members of an object in it, in their order: name, and value as text or as JSON.
  using Member = std::function<void(std::string_view name, std::string_view value)>;
  void texts(std::string_view member, const Member& each);
  void jsons(std::string_view member, const Member& each);

  void wrong(std::string_view member, std::string_view how);
  [[nodiscard]] Result<void> verdict() const;

 private:
  using Value = simdjson::ondemand::value;

  [[nodiscard]] std::int64_t integer(std::string_view member);
  [[nodiscard]] std::optional<Value> find(std::string_view member);
  template <class Get>
  void members(std::string_view member, const Member& each, Get get);

  const std::string kind_;
  simdjson::padded_string text_;
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  simdjson::ondemand::object object_;
  std::optional<Error> wrong_;
};

}  // namespace convoke::shared_registry
