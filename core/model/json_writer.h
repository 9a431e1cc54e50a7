// JSON to clients and destinations: what is written comes out at once as text. Pure.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace convoke {

// `writer.object().member("name", name).end();` Members in the order they are written.
class JsonWriter {
 public:
  JsonWriter& object() { return (writer_.StartObject(), open(Kind::kObject)); }
  JsonWriter& array() { return (writer_.StartArray(), open(Kind::kArray)); }
  JsonWriter& end();  // of the innermost that is open

  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  JsonWriter& number(std::int64_t value) { return (writer_.Int64(value), *this); }
  JsonWriter& number(double value) { return (writer_.Double(value), *this); }
  JsonWriter& boolean(bool value) { return (writer_.Bool(value), *this); }
  JsonWriter& null() { return (writer_.Null(), *this); }
  JsonWriter& json(std::string_view canonical);  // a value that is JSON already

  JsonWriter& member(std::string_view name, std::string_view value) {
    return key(name).text(value);
  }
  JsonWriter& member(std::string_view name, std::int64_t value) { return key(name).number(value); }

  [[nodiscard]] std::string take() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  enum class Kind : bool { kArray, kObject };
  JsonWriter& open(Kind kind);

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
  std::vector<Kind> open_;
};

}  // namespace convoke
