#include "tools/json.h"

namespace convoke::cli {

bool JsonReader::parse(std::string_view body) {
  return parser_.parse(body.data(), body.size()).get(root_) == simdjson::SUCCESS;
}

std::string JsonReader::text(std::string_view key) const { return text_of(root_, key); }

std::string text_of(simdjson::dom::element object, std::string_view key) {
  std::string_view found;
  return object[key].get(found) == simdjson::SUCCESS ? std::string(found) : std::string();
}

std::optional<std::int64_t> number_of(simdjson::dom::element object, std::string_view key) {
  std::int64_t found = 0;
  if (object[key].get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

void JsonWriter::key(std::string_view name) {
  writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
}

void JsonWriter::value(std::string_view text) {
  writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void JsonWriter::raw(std::string_view json) {
  writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType);
}

void JsonWriter::raw(simdjson::dom::element element) {
  raw(std::string_view(simdjson::minify(element)));
}

}  // namespace convoke::cli
