#include "core/http/message.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

namespace convoke::http {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// How many bytes a well-formed UTF-8 sequence has that begins so; 0: none does.
std::size_t utf8_length(std::string_view rest) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const auto continues = [&](std::size_t i) { return i < rest.size() && (byte(i) & 0xc0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf && continues(1)) return 2;
  if (first >= 0xe0 && first <= 0xef && continues(1) && continues(2)) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xf0 && first <= 0xf4 && continues(1) && continues(2) && continues(3)) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool beyond = first == 0xf4 && byte(1) > 0x8f;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

// Messages quote what clients sent, which may be any bytes; JSON may not.
std::string as_utf8(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      clean += "\xef\xbf\xbd";
      text.remove_prefix(1);
    } else {
      clean += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return clean;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

void Headers::add(std::string_view name, std::string_view value) {
  all_.push_back(Header{std::string(name), std::string(value)});
}

void Headers::add(Header header) { all_.push_back(std::move(header)); }

void Headers::set(std::string_view name, std::string_view value) {
  const auto same = [&](const Header& header) { return equal_ignoring_case(header.name, name); };
  all_.erase(std::remove_if(all_.begin(), all_.end(), same), all_.end());
  add(name, value);
}

const std::string* Headers::find(std::string_view name) const {
  for (const Header& header : all_) {
    if (equal_ignoring_case(header.name, name)) return &header.value;
  }
  return nullptr;
}

std::string_view Headers::get(std::string_view name) const {
  const std::string* value = find(name);
  return value != nullptr ? std::string_view(*value) : std::string_view();
}

std::string_view RequestHead::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view RequestHead::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

Response error_response(const Error& error, std::string_view request_id) {
  const std::string message = as_utf8(error.message);
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> json(buffer);
  const auto member = [&](std::string_view key, std::string_view value) {
    json.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
    json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  };
  json.StartObject();
  member("ErrorCode", error.name());
  member("ErrorMessage", message);
  member("Code", error.name());
  member("Message", message);
  member("RequestId", request_id);
  json.EndObject();

  Response response;
  response.status = error.http_status();
  response.headers.add("Content-Type", "application/json");
  response.headers.add("X-Fc-Request-Id", request_id);
  if (error.retry_after) {
    response.headers.add("Retry-After", std::to_string(error.retry_after->count()));
  }
  response.body.assign(buffer.GetString(), buffer.GetSize());
  return response;
}

Error body_too_large(std::size_t bytes_max) {
  return {ErrorCode::kEntityTooLarge,
          "payload size exceeds maximum allowed size (" + std::to_string(bytes_max) + " bytes)"};
}

}  // namespace convoke::http
