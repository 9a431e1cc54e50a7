#include "tests/redis_stand_in/value.h"

namespace convoke::stand_in {
namespace {

constexpr const char* kEnd = "\r\n";

void append_line(std::string& out, char kind, const std::string& text) {
  out.append(1, kind).append(text).append(kEnd);
}

}  // namespace

void append_to(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNil:
      return append_line(out, '$', "-1");
    case Value::Kind::kNilArray:
      return append_line(out, '*', "-1");
    case Value::Kind::kStatus:
      return append_line(out, '+', value.text);
    case Value::Kind::kError:
      return append_line(out, '-', value.text);
    case Value::Kind::kInteger:
      return append_line(out, ':', std::to_string(value.number));
    case Value::Kind::kBulk:
      append_line(out, '$', std::to_string(value.text.size()));
      out.append(value.text).append(kEnd);
      return;
    case Value::Kind::kArray:
      append_line(out, '*', std::to_string(value.elements.size()));
      for (const Value& element : value.elements) append_to(out, element);
  }
}

}  // namespace convoke::stand_in
