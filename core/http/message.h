// HTTP messages as values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"

namespace convoke::http {

struct Header {
  std::string name;
  std::string value;
};

// In the order received or added; names compare without regard to case.
class Headers {
 public:
  void add(std::string_view name, std::string_view value);
  void add(Header header);
  void set(std::string_view name, std::string_view value);  // replaces every earlier one
  // The first of that name; nullptr when absent. Valid until the next add or set.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] std::string_view get(std::string_view name) const;  // "" when absent
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] auto begin() const { return all_.begin(); }
  [[nodiscard]] auto end() const { return all_.end(); }

 private:
  std::vector<Header> all_;
};

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

struct RequestHead {
  std::string method;  // "GET"; as sent
  std::string target;  // origin form, undecoded: "/path?query"
  Headers headers;

  [[nodiscard]] std::string_view path() const;   // up to the '?', undecoded
  [[nodiscard]] std::string_view query() const;  // after the '?', or ""
};

struct Request {
  RequestHead head;
  std::string body;
};

struct Response {
  int status = 200;
  Headers headers;  // without Content-Length, Connection, Transfer-Encoding, Date: the server's
  std::string body;
};

// {"ErrorCode", "ErrorMessage", "Code", "Message", "RequestId"} with the error's status,
// X-Fc-Request-Id and, where known, Retry-After.
[[nodiscard]] Response error_response(const Error& error, std::string_view request_id);

// EntityTooLarge, naming what a body may be, in bytes.
[[nodiscard]] Error body_too_large(std::size_t bytes_max);

}  // namespace convoke::http
