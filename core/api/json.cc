#include "core/api/json.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/http/message.h"
#include "core/model/json_writer.h"

namespace convoke {
namespace {

namespace ondemand = simdjson::ondemand;

Error invalid_body(std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("the body is not usable as JSON: {}", why)};
}

// Builds the tree in one pass over the text, and stops at the first thing that is wrong.
class TreeReader {
 public:
  TreeReader(ondemand::document& document, std::string_view text)
      : document_(document), text_(text) {}

  Result<Json> read_document();

 private:
  Result<Json> read(ondemand::value value, std::size_t depth);
  Result<Json> read_object(ondemand::object object, std::size_t depth);
  Result<Json> read_array(ondemand::array array, std::size_t depth);
  Result<Json> read_number(ondemand::value value);
  Result<Json> read_null(ondemand::value value);

  // A scalar by its getter, as this alternative of the tree.
  template <class Target, class Got>
  Result<Json> scalar(simdjson::simdjson_result<Got> got) {
    Got value{};
    if (const auto error = std::move(got).get(value)) return wrong(error);
    return Json(Json::Value(Target(value)));
  }

  Error wrong(std::string_view why);
  Error wrong(simdjson::error_code code) { return wrong(simdjson::error_message(code)); }

  ondemand::document& document_;
  std::string_view text_;
  std::size_t values_ = 0;
};

Error TreeReader::wrong(std::string_view why) {
  const char* at = nullptr;
  if (document_.current_location().get(at) != simdjson::SUCCESS || at < text_.data() ||
      at > text_.data() + text_.size())
    return invalid_body(why);
  return invalid_body(fmt::format("{} (near byte {})", why, at - text_.data()));
}

Result<Json> TreeReader::read_document() {
  ondemand::object object;
  if (document_.get_object().get(object) != simdjson::SUCCESS)
    return wrong("it must be an object, `{...}`");
  Result<Json> tree = read_object(object, 1);
  // There is a place to be at only when something follows.
  if (tree && document_.current_location().error() == simdjson::SUCCESS)
    return wrong("there is more after its end");
  return tree;
}

Result<Json> TreeReader::read(ondemand::value value, std::size_t depth) {
  if (++values_ > kJsonValuesMax)
    return wrong(fmt::format("it has more than {} values", kJsonValuesMax));
  if (depth > kJsonDepthMax)
    return wrong(fmt::format("it is nested deeper than {} levels", kJsonDepthMax));
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return wrong(error);
  switch (type) {
    case ondemand::json_type::object: {
      ondemand::object object;
      if (const auto error = value.get_object().get(object)) return wrong(error);
      return read_object(object, depth);
    }
    case ondemand::json_type::array: {
      ondemand::array array;
      if (const auto error = value.get_array().get(array)) return wrong(error);
      return read_array(array, depth);
    }
    case ondemand::json_type::string:
      return scalar<std::string>(value.get_string());
    case ondemand::json_type::boolean:
      return scalar<bool>(value.get_bool());
    case ondemand::json_type::number:
      return read_number(value);
    default:
      return read_null(value);
  }
}

Result<Json> TreeReader::read_object(ondemand::object object, std::size_t depth) {
  Json::Object members;
  for (auto step : object) {
    ondemand::field field;
    if (const auto error = std::move(step).get(field)) return wrong(error);
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return wrong(error);
    std::string name(key);
    Result<Json> value = read(field.value(), depth + 1);
    if (!value) return value;
    members.emplace_back(std::move(name), *std::move(value));
  }
  return Json(Json::Value(std::move(members)));
}

Result<Json> TreeReader::read_array(ondemand::array array, std::size_t depth) {
  Json::Array elements;
  for (auto step : array) {
    ondemand::value element;
    if (const auto error = std::move(step).get(element)) return wrong(error);
    Result<Json> value = read(element, depth + 1);
    if (!value) return value;
    elements.push_back(*std::move(value));
  }
  return Json(Json::Value(std::move(elements)));
}

Result<Json> TreeReader::read_number(ondemand::value value) {
  ondemand::number number;
  if (const auto error = value.get_number().get(number)) return wrong(error);
  if (number.is_int64()) return Json(Json::Value(number.get_int64()));
  return Json(Json::Value(number.as_double()));
}

Result<Json> TreeReader::read_null(ondemand::value value) {
  bool null = false;
  if (const auto error = value.is_null().get(null)) return wrong(error);
  if (!null) return wrong("a value is none of JSON's");
  return Json();
}

void write(const Json& json, JsonWriter& writer) {
  if (const auto* object = json.as<Json::Object>()) {
    writer.object();
    for (const auto& [key, value] : *object) {
      if (!value.is_null()) write(value, writer.key(key));
    }
    writer.end();
  } else if (const auto* array = json.as<Json::Array>()) {
    writer.array();
    for (const Json& element : *array) write(element, writer);
    writer.end();
  } else if (const auto* text = json.as<std::string>()) {
    writer.text(*text);
  } else if (const auto* integer = json.as<std::int64_t>()) {
    writer.number(*integer);
  } else if (const auto* real = json.as<double>()) {
    writer.number(*real);
  } else if (const auto* boolean = json.as<bool>()) {
    writer.boolean(*boolean);
  } else {
    writer.null();
  }
}

const Json* find_in(const Json::Object* object, std::string_view key) {
  if (object == nullptr) return nullptr;
  const auto at = std::find_if(object->begin(), object->end(), [&](const Json::Member& member) {
    return !member.second.is_null() && http::equal_ignoring_case(member.first, key);
  });
  return at == object->end() ? nullptr : &at->second;
}

}  // namespace

Result<Json> Json::parse_object(std::string text) {
  const std::size_t size = text.size();
  text.reserve(size + simdjson::SIMDJSON_PADDING);
  ondemand::parser parser;
  ondemand::document document;
  if (const auto error =
          parser.iterate(text.data(), size, size + simdjson::SIMDJSON_PADDING).get(document))
    return invalid_body(simdjson::error_message(error));
  return TreeReader(document, std::string_view(text.data(), size)).read_document();
}

const Json* Json::find(std::string_view key) const { return find_in(as<Object>(), key); }

Json* Json::find(std::string_view key) { return const_cast<Json*>(std::as_const(*this).find(key)); }

std::string_view Json::kind() const {
  constexpr std::string_view kKinds[] = {"null",     "a boolean", "an integer", "a number",
                                         "a string", "an array",  "an object"};
  static_assert(std::size(kKinds) == std::variant_size_v<Value>);
  return kKinds[value_.index()];
}

std::string Json::canonical_text() const {
  JsonWriter writer;
  write(*this, writer);
  return writer.take();
}

}  // namespace convoke
