// One conversation with an engine over HTTP: libcurl behind a handful of words.
//
// Blocking; for the command-line program only. One client keeps its connection between requests.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/signature.h"
#include "tools/outcome.h"

namespace convoke::cli {

inline constexpr std::string_view kApiRoot = "/2016-08-15";
inline constexpr std::string_view kDefaultEndpoint = "http://127.0.0.1:7070";
inline constexpr std::chrono::seconds kConnectPatience{5};
inline constexpr std::chrono::seconds kAnswerPatience{120};  // a large deployment on a slow disk
inline constexpr std::size_t kAnswerBytesMax = 64UL << 20;   // twice what a function may reply

enum class Patience {
  kBounded,    // kAnswerPatience
  kUnbounded,  // a sync call may run for a day; the engine holds its deadline
};

struct ApiRequest {
  std::string method = "GET";
  std::string path;  // with the query, percent-encoded
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  Patience patience = Patience::kBounded;
};

struct ApiReply {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string body;

  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
  [[nodiscard]] std::string error_code() const;  // "" where the body has none
  // What the engine said, and what that means for the exit code. Only where !ok().
  [[nodiscard]] Failure failure() const;
};

class ApiClient {
 public:
  // `HOST:PORT` or `http://HOST:PORT`. With a key, every request is signed with it.
  explicit ApiClient(std::string_view endpoint, std::optional<http::AccessKey> key = std::nullopt);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  // Any answer at all is an ApiReply; none is a Failure (kUnreachable).
  [[nodiscard]] Outcome<ApiReply> send(const ApiRequest& request);
  // The same, but an answer outside 2xx is a Failure too.
  [[nodiscard]] Outcome<ApiReply> send_ok(const ApiRequest& request);

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  struct Curl;
  std::string endpoint_;  // with scheme, without a slash at its end
  const std::optional<http::AccessKey> key_;
  std::unique_ptr<Curl> curl_;
};

[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace convoke::cli
