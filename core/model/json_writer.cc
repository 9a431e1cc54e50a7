#include "core/model/json_writer.h"

#include "core/model/error.h"

namespace convoke {

JsonWriter& JsonWriter::open(Kind kind) {
  open_.push_back(kind);
  return *this;
}

JsonWriter& JsonWriter::end() {
  ENSURE(!open_.empty());
  if (open_.back() == Kind::kObject) {
    writer_.EndObject();
  } else {
    writer_.EndArray();
  }
  open_.pop_back();
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  // An empty view may hold a null pointer, which rapidjson does not take.
  writer_.String(value.empty() ? "" : value.data(), static_cast<rapidjson::SizeType>(value.size()));
  return *this;
}

JsonWriter& JsonWriter::json(std::string_view canonical) {
  writer_.RawValue(canonical.data(), canonical.size(), rapidjson::kObjectType);
  return *this;
}

}  // namespace convoke
