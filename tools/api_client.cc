#include "tools/api_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <chrono>

#include "tools/json.h"

namespace convoke::cli {
namespace {

struct CurlClose {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListFree>;

std::string normalised(std::string_view endpoint) {
  while (!endpoint.empty() && endpoint.back() == '/') endpoint.remove_suffix(1);
  if (endpoint.find("://") != std::string_view::npos) return std::string(endpoint);
  return fmt::format("http://{}", endpoint);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* context) {
  auto& reply = *static_cast<ApiReply*>(context);
  if (reply.body.size() + size > kAnswerBytesMax) return 0;  // libcurl then gives up
  reply.body.append(data, size);
  return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* context) {
  auto& reply = *static_cast<ApiReply*>(context);
  const std::string_view line(data, size);
  if (line.substr(0, 5) == "HTTP/") reply.headers.clear();  // 100 Continue came before
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    reply.headers[lower(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
  }
  return size;
}

WallTime now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return WallTime{std::chrono::floor<Millis>(since_epoch)};
}

http::RequestHead head_of(const ApiRequest& request, const std::optional<http::AccessKey>& key) {
  http::RequestHead head{request.method, request.path, {}};
  // Without it libcurl would call every body a form.
  head.headers.add("Content-Type", "application/octet-stream");
  for (const auto& [name, value] : request.headers) head.headers.add(name, value);
  if (key) http::sign(head, *key, now());
  return head;
}

HeaderList header_list(const http::Headers& headers) {
  HeaderList list(curl_slist_append(nullptr, "Expect:"));  // wait for no 100 Continue
  for (const auto& [name, value] : headers) {
    const std::string line = fmt::format("{}: {}", name, value);
    list.reset(curl_slist_append(list.release(), line.c_str()));
  }
  return list;
}

}  // namespace

struct ApiClient::Curl {
  std::unique_ptr<CURL, CurlClose> handle{curl_easy_init()};
  std::array<char, CURL_ERROR_SIZE> error{};

  void prepare(const std::string& url, const ApiRequest& request, const HeaderList& headers,
               ApiReply& reply);
};

void ApiClient::Curl::prepare(const std::string& url, const ApiRequest& request,
                              const HeaderList& headers, ApiReply& reply) {
  CURL* curl = handle.get();
  curl_easy_reset(curl);
  error.fill('\0');
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");  // an engine is spoken to directly
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(kConnectPatience.count()));
  const bool bounded = request.patience == Patience::kBounded;
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, bounded ? static_cast<long>(kAnswerPatience.count()) : 0);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply);
  if (request.method == "POST" || request.method == "PUT") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
}

ApiClient::ApiClient(std::string_view endpoint, std::optional<http::AccessKey> key)
    : endpoint_(normalised(endpoint)), key_(std::move(key)), curl_(std::make_unique<Curl>()) {}

ApiClient::~ApiClient() = default;

Outcome<ApiReply> ApiClient::send(const ApiRequest& request) {
  ApiReply reply;
  const HeaderList headers = header_list(head_of(request, key_).headers);
  curl_->prepare(endpoint_ + request.path, request, headers, reply);
  const CURLcode code = curl_easy_perform(curl_->handle.get());
  if (code != CURLE_OK) {
    const char* why = curl_->error[0] != '\0' ? curl_->error.data() : curl_easy_strerror(code);
    return Failure{
        ExitCode::kUnreachable,
        fmt::format("no answer from {}: {}; is `convoke serve` running there?", endpoint_, why),
        {},
        {}};
  }
  long status = 0;
  curl_easy_getinfo(curl_->handle.get(), CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  return reply;
}

Outcome<ApiReply> ApiClient::send_ok(const ApiRequest& request) {
  Outcome<ApiReply> reply = send(request);
  if (reply && !reply->ok()) return reply->failure();
  return reply;
}

std::string_view ApiReply::header(std::string_view lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string ApiReply::error_code() const {
  JsonReader json;
  return json.parse(body) ? json.text("ErrorCode") : std::string();
}

Failure ApiReply::failure() const {
  Failure failure;
  failure.exit = status >= 500 ? ExitCode::kUnreachable : ExitCode::kRefused;
  failure.request_id = header("x-fc-request-id");
  JsonReader json;
  if (json.parse(body)) {
    failure.code = json.text("ErrorCode");
    failure.message = json.text("ErrorMessage");
  }
  if (failure.message.empty()) failure.message = fmt::format("the engine answered {}", status);
  if (failure.code == "MissingRequiredHeader" &&
      failure.message.find("Authorization") != std::string::npos) {
    failure.message +=
        ": this engine serves signed requests alone; set CONVOKE_ACCESS_KEY_ID and "
        "CONVOKE_ACCESS_KEY_SECRET";
  }
  if (const std::string_view wait = header("retry-after"); !wait.empty()) {
    failure.message += fmt::format(" (try again in {} s)", wait);
  }
  return failure;
}

std::string percent_encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~';
    result += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return result;
}

}  // namespace convoke::cli
