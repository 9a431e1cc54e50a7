#include "core/api/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/http/message.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

template <class T>
std::string_view kind_name() {
  return Json(Json::Value(T{})).kind();
}

}  // namespace

template <class T>
T* FieldReader::find(std::string_view name, std::string_view kind) {
  Json* member = error_ ? nullptr : object_.find(name);
  if (member == nullptr) return nullptr;
  T* value = member->as<T>();
  if (value == nullptr)
    fail({ErrorCode::kInvalidArgument,
          fmt::format("{}{} must be {} (actual: {})", where_, name, kind, member->kind())});
  return value;
}

void FieldReader::text(std::string_view name, std::optional<std::string>& target) {
  if (auto* value = find<std::string>(name, "a string")) target = std::move(*value);
}

void FieldReader::integer(std::string_view name, std::optional<std::int64_t>& target) {
  if (const auto* value = find<std::int64_t>(name, "an integer")) target = *value;
}

void FieldReader::boolean(std::string_view name, std::optional<bool>& target) {
  if (const auto* value = find<bool>(name, "a boolean")) target = *value;
}

void FieldReader::texts(std::string_view name, std::optional<Texts>& target) {
  auto* object = find<Json::Object>(name, "an object");
  if (object == nullptr) return;
  target.emplace();
  for (auto& [key, value] : *object) {
    if (value.is_null()) continue;
    auto* text = value.as<std::string>();
    if (text == nullptr)
      return fail({ErrorCode::kInvalidArgument,
                   fmt::format("{}{}: the value of '{}' must be a string (actual: {})", where_,
                               name, shown(key), value.kind())});
    target->emplace_back(std::move(key), std::move(*text));
  }
}

void FieldReader::list(std::string_view name, std::optional<std::vector<std::string>>& target) {
  auto* array = find<Json::Array>(name, "an array");
  if (array == nullptr) return;
  target.emplace();
  for (Json& item : *array) {
    auto* text = item.as<std::string>();
    if (text == nullptr)
      return fail(
          {ErrorCode::kInvalidArgument,
           fmt::format("{}{} must hold strings only (actual: {})", where_, name, item.kind())});
    target->push_back(std::move(*text));
  }
}

void FieldReader::object(std::string_view name, const std::function<void(FieldReader&)>& read) {
  if (find<Json::Object>(name, "an object") == nullptr) return;
  FieldReader inner(*object_.find(name), fmt::format("{}{}.", where_, name));
  read(inner);
  if (inner.error_) fail(*std::move(inner.error_));
}

bool FieldReader::objects(std::string_view name, const std::function<void(FieldReader&)>& read) {
  auto* array = find<Json::Array>(name, "an array");
  if (array == nullptr) return false;
  std::size_t at = 0;
  for (Json& item : *array) {
    const std::string where = fmt::format("{}{}[{}]", where_, name, at++);
    if (item.as<Json::Object>() == nullptr) {
      fail({ErrorCode::kInvalidArgument,
            fmt::format("{} must be an object (actual: {})", where, item.kind())});
      break;
    }
    FieldReader inner(item, where + '.');
    read(inner);
    if (inner.error_) fail(*std::move(inner.error_));
  }
  return true;
}

void FieldReader::only(std::initializer_list<std::string_view> names) {
  const auto* object = object_.as<Json::Object>();
  if (object == nullptr) return;
  for (const auto& [key, value] : *object) {
    const bool known = std::any_of(names.begin(), names.end(), [&key = key](std::string_view name) {
      return http::equal_ignoring_case(key, name);
    });
    if (known || value.is_null()) continue;
    fail({ErrorCode::kInvalidArgument, fmt::format("{}{} is not known here (allowed: {})", where_,
                                                   shown(key), fmt::join(names, ", "))});
  }
}

template <class T>
void FieldReader::keep(std::string_view name, JsonMembers& kept) {
  if (find<T>(name, kind_name<T>()) != nullptr)
    kept.insert_or_assign(std::string(name), object_.find(name)->canonical_text());
}

template void FieldReader::keep<std::string>(std::string_view, JsonMembers&);
template void FieldReader::keep<Json::Array>(std::string_view, JsonMembers&);
template void FieldReader::keep<Json::Object>(std::string_view, JsonMembers&);

void FieldReader::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

Result<void> FieldReader::outcome() const {
  if (error_) return *error_;
  return {};
}

}  // namespace convoke
