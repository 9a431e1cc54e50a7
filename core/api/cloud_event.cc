#include "core/api/cloud_event.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/api/cloud_event_json.h"
#include "core/api/cloud_event_rules.h"
#include "core/http/url.h"
#include "core/model/base64.h"
#include "core/model/json_writer.h"
#include "core/model/trimmed.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

constexpr std::string_view kPrefix = "ce-";
constexpr std::string_view kFamily = "application/cloudevents";

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// A Content-Type in lower case, in its parts.
struct MediaType {
  std::string type;  // "text/plain"
  bool utf8 = true;  // as far as its charset says

  [[nodiscard]] bool is_json() const {
    return type == "application/json" || type == "text/json" || type.ends_with("+json");
  }
  [[nodiscard]] bool is_text() const {
    return utf8 &&
           (type.starts_with("text/") || type == "application/xml" || type.ends_with("+xml"));
  }
};

MediaType media_type_of(std::string_view content_type) {
  const std::string lower = in_lower_case(content_type);
  const std::string_view all = lower;
  MediaType media;
  media.type = trimmed(all.substr(0, all.find(';')));
  const std::size_t charset = all.find("charset=");
  if (charset == std::string_view::npos) return media;
  std::string_view name = all.substr(charset + std::string_view("charset=").size());
  name = trimmed(name.substr(0, name.find(';')));
  media.utf8 = name == "utf-8" || name == "\"utf-8\"" || name == "us-ascii";
  return media;
}

// The value of a header `ce-NAME`: percent-encoded where it is not printable ASCII.
Result<std::string> value_of(const http::Header& header) {
  Result<std::string> value = percent_decode(header.value, Plus::kIsPlus);
  if (!value) return value;
  if (simdjson::validate_utf8(value->data(), value->size())) return value;
  return invalid(fmt::format("the header {} is not UTF-8", shown(header.name)));
}

Result<CloudEvent> attributes_of(const http::Headers& headers) {
  CloudEvent event;
  for (const http::Header& header : headers) {
    const std::string name = in_lower_case(header.name);
    if (!name.starts_with(kPrefix)) continue;
    if (name == "ce-datacontenttype")
      return invalid("the datacontenttype of a CloudEvent in binary mode is the Content-Type");
    Result<std::string> value = value_of(header);
    if (!value) return value.error();
    if (Result<void> added =
            add_attribute(std::string_view(name).substr(kPrefix.size()), *std::move(value), event);
        !added)
      return added.error();
  }
  const std::string_view content_type = headers.get("Content-Type");
  if (content_type.empty()) return event;
  if (!simdjson::validate_utf8(content_type.data(), content_type.size()))
    return invalid("the Content-Type of a CloudEvent must be UTF-8");
  if (Result<void> added = add_attribute("datacontenttype", std::string(content_type), event);
      !added)
    return added.error();
  return event;
}

Result<void> write_data(const MediaType& media, const std::string& body, JsonWriter& writer) {
  if (body.empty()) return {};
  if (media.is_json()) {
    if (Result<void> right = check_json(body); !right) return right;
    writer.key("data").json(body);
  } else if (media.is_text() && simdjson::validate_utf8(body.data(), body.size())) {
    writer.member("data", body);
  } else {
    writer.member("data_base64", encode_base64(body));
  }
  return {};
}

Result<std::vector<CloudEvent>> read_binary(const http::Headers& headers, const std::string& body) {
  Result<CloudEvent> event = attributes_of(headers);
  if (!event) return event.error();
  if (Result<void> right = check_attributes(*event); !right) return right.error();
  JsonWriter writer;
  writer.object();
  for (const auto& [name, value] : event->attributes) writer.member(name, value);
  const MediaType media = media_type_of(headers.get("Content-Type"));
  if (Result<void> written = write_data(media, body, writer); !written) return written.error();
  event->json = writer.end().take();
  return std::vector<CloudEvent>{*std::move(event)};
}

}  // namespace

const std::string* CloudEvent::find(std::string_view attribute) const {
  const auto at = std::find_if(attributes.begin(), attributes.end(),
                               [attribute](const auto& one) { return one.first == attribute; });
  return at == attributes.end() ? nullptr : &at->second;
}

Result<std::vector<CloudEvent>> read_cloud_events(const http::Headers& headers, std::string body) {
  const std::string type = media_type_of(headers.get("Content-Type")).type;
  if (type == "application/cloudevents+json") return read_json_event(std::move(body));
  if (type == "application/cloudevents-batch+json") return read_json_batch(std::move(body));
  if (type.starts_with(kFamily))
    return invalid(
        fmt::format("CloudEvents are taken in JSON alone (allowed: {0}+json and "
                    "{0}-batch+json, actual: '{1}')",
                    kFamily, shown(type)));
  if (headers.find("ce-specversion") != nullptr) return read_binary(headers, body);
  return invalid(
      fmt::format("this is no CloudEvent: send {0}+json, {0}-batch+json, or the headers "
                  "ce-specversion, ce-id, ce-source and ce-type",
                  kFamily));
}

}  // namespace convoke
