#include "core/api/cloud_event_json.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/api/cloud_event_rules.h"
#include "core/registry/base64.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

namespace ondemand = simdjson::ondemand;

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Error no_json(simdjson::error_code code) {
  return invalid(fmt::format("the event is not usable as JSON: {}", simdjson::error_message(code)));
}

std::string_view without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

std::size_t digits_at(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  return end == std::string_view::npos ? text.size() : end;
}

// However large: it is not converted.
bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t whole = text.starts_with('0') ? 1 : digits_at(text);
  if (whole == 0) return false;
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    const std::size_t fraction = digits_at(text.substr(1));
    if (fraction == 0) return false;
    text.remove_prefix(1 + fraction);
  }
  if (!text.starts_with('e') && !text.starts_with('E')) return text.empty();
  text.remove_prefix(1);
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && digits_at(text) == text.size();
}

Result<void> walk(ondemand::value value, std::size_t depth);

Result<void> walk_object(ondemand::object object, std::size_t depth) {
  for (auto step : object) {
    ondemand::field field;
    if (const auto error = std::move(step).get(field)) return no_json(error);
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return no_json(error);
    if (Result<void> right = walk(field.value(), depth + 1); !right) return right;
  }
  return {};
}

Result<void> walk_array(ondemand::array array, std::size_t depth) {
  for (auto step : array) {
    ondemand::value element;
    if (const auto error = std::move(step).get(element)) return no_json(error);
    if (Result<void> right = walk(element, depth + 1); !right) return right;
  }
  return {};
}

Result<void> walk_scalar(ondemand::value value, ondemand::json_type type) {
  if (type == ondemand::json_type::number)
    return is_number(without_space(value.raw_json_token())) ? Result<void>()
                                                            : no_json(simdjson::NUMBER_ERROR);
  std::string_view text;
  bool flag = false;
  const auto error = type == ondemand::json_type::string    ? value.get_string().get(text)
                     : type == ondemand::json_type::boolean ? value.get_bool().get(flag)
                                                            : value.is_null().get(flag);
  if (error) return no_json(error);
  return {};
}

Result<void> walk(ondemand::value value, std::size_t depth) {
  if (depth > kCloudEventDepthMax)
    return invalid(fmt::format("an event is nested deeper than {} levels", kCloudEventDepthMax));
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return no_json(error);
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return no_json(error);
    return walk_object(object, depth);
  }
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return no_json(error);
    return walk_array(array, depth);
  }
  return walk_scalar(value, type);
}

// One event, from the first of its members to the last.
class EventReader {
 public:
  Result<CloudEvent> read(ondemand::object object) {
    for (auto step : object) {
      ondemand::field field;
      if (const auto error = std::move(step).get(field)) return no_json(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return no_json(error);
      if (Result<void> read = read_member(std::string(name), field.value()); !read)
        return read.error();
    }
    if (Result<void> right = check_attributes(event_); !right) return right.error();
    std::string_view raw;
    if (const auto error = object.reset().error()) return no_json(error);
    if (const auto error = object.raw_json().get(raw)) return no_json(error);
    event_.json = without_space(raw);
    return std::move(event_);
  }

 private:
  Result<void> read_member(const std::string& name, ondemand::value value) {
    if (name == "data" || name == "data_base64") {
      if (std::exchange(has_data_, true))
        return invalid("a CloudEvent has more than one of data and data_base64");
      return name == "data" ? walk(value, 2) : read_base64(value);
    }
    Result<std::optional<std::string>> text = attribute(name, value);
    if (!text) return text.error();
    if (!*text) return {};  // null is absent
    return add_attribute(name, **std::move(text), event_);
  }

  static Result<void> read_base64(ondemand::value value) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS)
      return invalid("data_base64 of a CloudEvent must be a string");
    if (const Result<std::string> bytes = decode_base64(text); !bytes)
      return invalid("data_base64 of a CloudEvent: " + bytes.error().message);
    return {};
  }

  static Result<std::optional<std::string>> attribute(const std::string& name,
                                                      ondemand::value value) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return no_json(error);
    std::string_view text;
    bool flag = false;
    std::int64_t number = 0;
    switch (type) {
      case ondemand::json_type::string:
        if (const auto error = value.get_string().get(text)) return no_json(error);
        return std::optional(std::string(text));
      case ondemand::json_type::boolean:
        if (const auto error = value.get_bool().get(flag)) return no_json(error);
        return std::optional(std::string(flag ? "true" : "false"));
      case ondemand::json_type::null:
        if (const auto error = value.is_null().get(flag)) return no_json(error);
        return std::optional<std::string>();
      default:
        if (value.get_int64().get(number) == simdjson::SUCCESS)
          return std::optional(std::to_string(number));
        return invalid(
            fmt::format("the attribute {} of a CloudEvent must be a string, an integer or a "
                        "boolean",
                        shown(name)));
    }
  }

  CloudEvent event_;
  bool has_data_ = false;
};

// Runs `read` on the document, of which nothing may be left.
template <class Read>
auto with_document(std::string text, Read read)
    -> decltype(read(std::declval<ondemand::document&>())) {
  const std::size_t size = text.size();
  text.reserve(size + simdjson::SIMDJSON_PADDING);
  ondemand::parser parser;
  ondemand::document document;
  if (const auto error =
          parser.iterate(text.data(), size, size + simdjson::SIMDJSON_PADDING).get(document))
    return no_json(error);
  auto outcome = read(document);
  if (outcome && document.current_location().error() == simdjson::SUCCESS)
    return invalid("there is more after the end of the JSON");
  return outcome;
}

Error of_batch(std::size_t at, const Error& error) {
  return {error.code, fmt::format("event {} of the batch: {}", at, error.message)};
}

Result<std::vector<CloudEvent>> read_array(ondemand::array array) {
  std::vector<CloudEvent> events;
  for (auto step : array) {
    if (events.size() == kCloudEventsMax)
      return invalid(fmt::format("a batch has more than {} events", kCloudEventsMax));
    ondemand::object object;
    if (const auto error = std::move(step).get_object().get(object))
      return of_batch(events.size(), no_json(error));
    Result<CloudEvent> event = EventReader().read(object);
    if (!event) return of_batch(events.size(), event.error());
    events.push_back(*std::move(event));
  }
  return events;
}

}  // namespace

Result<std::vector<CloudEvent>> read_json_event(std::string text) {
  return with_document(std::move(text),
                       [](ondemand::document& document) -> Result<std::vector<CloudEvent>> {
                         ondemand::object object;
                         if (const auto error = document.get_object().get(object))
                           return no_json(error);
                         Result<CloudEvent> event = EventReader().read(object);
                         if (!event) return event.error();
                         std::vector<CloudEvent> events;
                         events.push_back(*std::move(event));
                         return events;
                       });
}

Result<std::vector<CloudEvent>> read_json_batch(std::string text) {
  return with_document(std::move(text),
                       [](ondemand::document& document) -> Result<std::vector<CloudEvent>> {
                         ondemand::array array;
                         if (const auto error = document.get_array().get(array))
                           return no_json(error);
                         return read_array(array);
                       });
}

// A document of one scalar is another thing to the parser than a value: it gets an array of it.
Result<void> check_json(std::string text) {
  return with_document('[' + std::move(text) + ']',
                       [](ondemand::document& document) -> Result<void> {
                         ondemand::array array;
                         if (const auto error = document.get_array().get(array))
                           return no_json(error);
                         std::size_t count = 0;
                         for (auto step : array) {
                           ondemand::value value;
                           if (const auto error = std::move(step).get(value)) return no_json(error);
                           if (Result<void> right = walk(value, 1); !right) return right;
                           ++count;
                         }
                         return count == 1 ? Result<void>() : no_json(simdjson::TAPE_ERROR);
                       });
}

}  // namespace convoke
