// JSON from clients, read whole into a small tree.
//
// Function Compute's clients write keys in any case ("DestinationConfig") and send null for what
// they leave unset; so look-ups ignore case, and a null member counts as absent. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/model/error.h"

namespace convoke {

inline constexpr std::size_t kJsonDepthMax = 32;       // levels of arrays and objects
inline constexpr std::size_t kJsonValuesMax = 10'000;  // a tree must not outgrow its text by much

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;  // in the order of the text
  using Value =
      std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object>;

  Json() = default;
  explicit Json(Value value) : value_(std::move(value)) {}

  // A whole document that is an object. InvalidArgument says what is wrong and, where it is known,
  // at which byte: not JSON, not UTF-8, too deep, too many values, bytes after the end.
  [[nodiscard]] static Result<Json> parse_object(std::string text);

  // The alternative, or nullptr: `if (const auto* text = json.as<std::string>())`.
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&value_);
  }
  template <class T>
  [[nodiscard]] T* as() {
    return std::get_if<T>(&value_);
  }
  [[nodiscard]] bool is_null() const { return as<std::nullptr_t>() != nullptr; }

  // An object's member, whatever the case of its key (of several, the first); nullptr: absent,
  // null, or no object.
  [[nodiscard]] const Json* find(std::string_view key) const;
  [[nodiscard]] Json* find(std::string_view key);

  // "a string", "an object", ...: for messages.
  [[nodiscard]] std::string_view kind() const;
  // Without white space; null members left out.
  [[nodiscard]] std::string canonical_text() const;

 private:
  Value value_;
};

}  // namespace convoke
