#include "core/loop/transfer.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace convoke {
namespace {

Error no_url(std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("no http or https URL: {}", why)};
}

std::optional<std::string> part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

std::optional<IpAddress> address_of(const curl_sockaddr& from) {
  if (from.family == AF_INET && from.addrlen >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, &from.addr, sizeof v4);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return IpAddress::v4(bytes);
  }
  if (from.family == AF_INET6 && from.addrlen >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from.addr, sizeof v6);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return IpAddress::v6(bytes);
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> host_of_url(const std::string& url) {
  if (url.find('\0') != std::string::npos) return no_url("it holds a NUL byte");
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
  ENSURE(parsed != nullptr);
  const CURLUcode status = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0);
  if (status != CURLUE_OK) return no_url(curl_url_strerror(status));
  const auto scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  const auto host = part_of(parsed.get(), CURLUPART_HOST);
  const auto port = part_of(parsed.get(), CURLUPART_PORT);
  if (!scheme || (*scheme != "http" && *scheme != "https")) return no_url("another scheme");
  if (!host || host->empty() || !port) return no_url("it names no host");
  return fmt::format("{}://{}:{}", *scheme, *host, *port);
}

Transfer::Transfer(PostRequest request, const TransferOptions& options)
    : request_(std::move(request)), options_(options), handle_(curl_easy_init()) {
  ENSURE(handle_ != nullptr);
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  set(CURLOPT_POSTFIELDS, request_.body.c_str());
  set_headers();
  set_bounds();
  set_callbacks();
}

// Each option is one that this libcurl has, and each value one that it takes.
template <class Value>
void Transfer::set(CURLoption option, Value value) {
  ENSURE(curl_easy_setopt(handle_.get(), option, value) == CURLE_OK);
}

void Transfer::set_headers() {
  const auto add = [this](const std::string& line) {
    ENSURE(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    ENSURE(longer != nullptr);
    static_cast<void>(headers_.release());  // the list's first line, whose owner it was
    headers_.reset(longer);
  };
  for (const auto& [name, value] : request_.headers) add(fmt::format("{}: {}", name, value));
  add("Expect:");  // or a large body waits a second for a 100 that few servers send
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_USERAGENT, "convoke");
}

void Transfer::set_bounds() {
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // nor from the environment
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.total_max.count()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_max.count()));
  set(CURLOPT_NOSIGNAL, 1L);
  // A look-up that hangs is left to its thread when the time is up; waiting for it would hold up
  // every other transfer.
  set(CURLOPT_QUICK_EXIT, 1L);
}

void Transfer::set_callbacks() {
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(why_));
  set(CURLOPT_OPENSOCKETDATA, this);
  set(
      CURLOPT_OPENSOCKETFUNCTION, +[](void* self, curlsocktype purpose, curl_sockaddr* address) {
        return static_cast<Transfer*>(self)->open_socket(purpose, *address);
      });
  set(CURLOPT_HEADERDATA, this);
  set(
      CURLOPT_HEADERFUNCTION, +[](char* data, std::size_t, std::size_t size, void* self) {
        return static_cast<Transfer*>(self)->read_head({data, size}) ? size : std::size_t{0};
      });
  set(CURLOPT_WRITEDATA, this);
  set(
      CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* self) {
        return static_cast<Transfer*>(self)->read_body({data, size}) ? size : std::size_t{0};
      });
}

curl_socket_t Transfer::open_socket(curlsocktype purpose, const curl_sockaddr& address) {
  const auto resolved = address_of(address);
  if (purpose != CURLSOCKTYPE_IPCXN || !resolved || !options_.may_connect(*resolved)) {
    refused_ = resolved ? resolved->text() : "an address of an unknown kind";
    return CURL_SOCKET_BAD;  // libcurl goes on to the name's next address
  }
  tried_ = true;
  return ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
}

bool Transfer::read_head(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > kPostHeadBytesMax) return false;
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (line == "\r\n" || line == "\n") head_complete_ = status >= 200;  // 1xx: another head follows
  return true;
}

// Refusing bytes ends the transfer; all that matters of the answer is here by then.
bool Transfer::read_body(std::string_view bytes) {
  body_.append(bytes.substr(0, kPostAnswerBytesMax - body_.size()));
  return body_.size() < kPostAnswerBytesMax;
}

PostAnswer Transfer::answered() const {
  PostAnswer answer;
  answer.kind = PostAnswer::Kind::kAnswered;
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  curl_off_t seconds = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &seconds);
  if (seconds > 0) answer.retry_after = std::min(Seconds{seconds}, kPostRetryAfterMax);
  answer.body = body_;
  return answer;
}

std::string Transfer::failure(CURLcode ending) const {
  if (head_bytes_ > kPostHeadBytesMax) {
    return fmt::format("the answer's headers are longer than {} bytes", kPostHeadBytesMax);
  }
  return why_[0] != '\0' ? why_ : curl_easy_strerror(ending);
}

PostAnswer Transfer::answer(CURLcode ending) {
  if (head_complete_) return answered();
  PostAnswer answer;
  if (!refused_.empty() && !tried_) {
    answer.kind = PostAnswer::Kind::kRefused;
    answer.error = fmt::format("{} is not a public address; --destinations-allow {} permits it",
                               refused_, refused_);
    return answer;
  }
  answer.kind = PostAnswer::Kind::kFailed;
  answer.error = failure(ending);
  return answer;
}

}  // namespace convoke
