// Members of a request's body, by name and kind. Pure.
//
// The first thing that is wrong is remembered and the rest is skipped, so that a definition reads
// as a list of its members.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/api/json.h"
#include "core/model/error.h"
#include "core/model/function.h"

namespace convoke {

class FieldReader {
 public:
  using Texts = std::vector<std::pair<std::string, std::string>>;

  // `where` goes before the names in messages: "" or "code.".
  explicit FieldReader(Json& object, std::string_view where = {})
      : object_(object), where_(where) {}

  // Absent (or null) members leave the target as it is. Long texts are moved out of the tree.
  void text(std::string_view name, std::optional<std::string>& target);
  void integer(std::string_view name, std::optional<std::int64_t>& target);
  void boolean(std::string_view name, std::optional<bool>& target);
  void texts(std::string_view name, std::optional<Texts>& target);  // {"a": "b", ...}
  void list(std::string_view name, std::optional<std::vector<std::string>>& target);  // ["a", ...]
  // Reads the members of an object inside by `read`; messages name them "NAME.member".
  void object(std::string_view name, const std::function<void(FieldReader& inner)>& read);
  // The same of each object of an array, "NAME[0].member". Absent: false.
  bool objects(std::string_view name, const std::function<void(FieldReader& inner)>& read);
  // What has other members than these is wrong: where one that is ignored would change the meaning.
  void only(std::initializer_list<std::string_view> names);
  // Kept for the client as canonical JSON under `name`.
  void kept_text(std::string_view name, JsonMembers& kept) { keep<std::string>(name, kept); }
  void kept_array(std::string_view name, JsonMembers& kept) { keep<Json::Array>(name, kept); }
  void kept_object(std::string_view name, JsonMembers& kept) { keep<Json::Object>(name, kept); }

  void fail(Error error);  // unless something was wrong before
  [[nodiscard]] Result<void> outcome() const;

 private:
  template <class T>
  T* find(std::string_view name, std::string_view kind);
  template <class T>
  void keep(std::string_view name, JsonMembers& kept);

  Json& object_;
  std::string where_;
  std::optional<Error> error_;
};

}  // namespace convoke
