// JSON as the commands need it: members looked up by name (simdjson), objects written (rapidjson).
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::cli {

// Owns what it parsed: elements taken from it live as long as it does, until the next parse().
class JsonReader {
 public:
  [[nodiscard]] bool parse(std::string_view body);
  [[nodiscard]] simdjson::dom::element root() const { return root_; }
  [[nodiscard]] std::string text(std::string_view key) const;  // "" where there is no such string

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

[[nodiscard]] std::string text_of(simdjson::dom::element object, std::string_view key);
[[nodiscard]] std::optional<std::int64_t> number_of(simdjson::dom::element object,
                                                    std::string_view key);

class JsonWriter {
 public:
  void begin_object() { writer_.StartObject(); }
  void end_object() { writer_.EndObject(); }
  void begin_array() { writer_.StartArray(); }
  void end_array() { writer_.EndArray(); }
  void key(std::string_view name);
  void value(std::string_view text);
  void value(std::int64_t number) { writer_.Int64(number); }
  void null() { writer_.Null(); }
  void boolean(bool value) { writer_.Bool(value); }
  void raw(std::string_view json);  // a whole JSON value, as it is
  void raw(simdjson::dom::element element);
  template <class T>
  void member(std::string_view name, const T& its_value) {
    key(name);
    value(its_value);
  }

  [[nodiscard]] std::string text() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace convoke::cli
