#include "core/registry/shared/row_reader.h"

#include <fmt/core.h>

#include <utility>

namespace convoke::shared_registry {

namespace ondemand = simdjson::ondemand;

RowReader::RowReader(std::string_view kind, std::string_view row) : kind_(kind), text_(row) {
  if (parser_.iterate(text_).get(document_) != simdjson::SUCCESS ||
      document_.get_object().get(object_) != simdjson::SUCCESS) {
    wrong_ = Error{ErrorCode::kInternalServerError,
                   fmt::format("a {} in the registry is no JSON object", kind_)};
  }
}

void RowReader::wrong(std::string_view member, std::string_view how) {
  if (wrong_) return;
  wrong_ = Error{ErrorCode::kInternalServerError,
                 fmt::format("a {} in the registry: '{}' {}", kind_, member, how)};
}

Result<void> RowReader::verdict() const {
  if (wrong_) return *wrong_;
  return {};
}

std::optional<RowReader::Value> RowReader::find(std::string_view member) {
  Value value;
  if (wrong_) return std::nullopt;
  if (object_.find_field_unordered(member).get(value) == simdjson::SUCCESS) return value;
  wrong(member, "is missing");
  return std::nullopt;
}

bool RowReader::has(std::string_view member) {
  Value value;
  return !wrong_ && object_.find_field_unordered(member).get(value) == simdjson::SUCCESS;
}

std::string RowReader::text(std::string_view member) {
  std::string_view text;
  std::optional<Value> value = find(member);
  if (value && value->get_string().get(text) != simdjson::SUCCESS) wrong(member, "is no text");
  return std::string(text);
}

bool RowReader::flag(std::string_view member) {
  bool flag = false;
  std::optional<Value> value = find(member);
  if (value && value->get_bool().get(flag) != simdjson::SUCCESS) {
    wrong(member, "is neither true nor false");
  }
  return flag;
}

std::int64_t RowReader::integer(std::string_view member) {
  std::int64_t number = 0;
  std::optional<Value> value = find(member);
  if (value && value->get_int64().get(number) != simdjson::SUCCESS) {
    wrong(member, "is no whole number");
  }
  return number;
}

template <class Get>
void RowReader::members(std::string_view member, const Member& each, Get get) {
  std::optional<Value> value = find(member);
  if (!value) return;
  ondemand::object inner;
  if (value->get_object().get(inner) != simdjson::SUCCESS) return wrong(member, "is no object");
  for (auto step : inner) {
    ondemand::field field;
    std::string_view name;
    if (std::move(step).get(field) != simdjson::SUCCESS ||
        field.unescaped_key().get(name) != simdjson::SUCCESS) {
      return wrong(member, "cannot be read");
    }
    const std::string kept(name);
    std::string_view content;
    if (!get(field.value(), content)) return wrong(member, "has a member that cannot be read");
    each(kept, content);
  }
}

void RowReader::texts(std::string_view member, const Member& each) {
  members(member, each, [](Value value, std::string_view& content) {
    return value.get_string().get(content) == simdjson::SUCCESS;
  });
}

void RowReader::jsons(std::string_view member, const Member& each) {
  members(member, each, [](Value value, std::string_view& content) {
    return simdjson::to_json_string(value).get(content) == simdjson::SUCCESS;
  });
}

}  // namespace convoke::shared_registry
