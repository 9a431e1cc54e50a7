// One POST on libcurl: what is sent, what is read of the answer, and what came of it.
//
// It goes to the URL's own host over HTTP/1.1 and nowhere else: no redirect, no proxy, no other
// protocol. Each address that it would connect to is asked about first. TLS is verified.
//
// Used on one thread at a time.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "core/edge/ip_address.h"
#include "core/edge/poster.h"
#include "core/model/error.h"
#include "core/model/instant.h"

namespace convoke {

struct TransferOptions {
  // Any thread.
  std::function<bool(const IpAddress&)> may_connect = [](const IpAddress&) { return false; };
  Millis total_max{10'000};  // from its beginning to the end of the answer
  Millis connect_max{5'000};
};

inline constexpr std::size_t kPostAnswerBytesMax = 4096;  // of the body; the rest is not read
inline constexpr std::size_t kPostHeadBytesMax = 32UL << 10;
inline constexpr Seconds kPostRetryAfterMax{86'400};

// "https://example.com:443": whom a URL is about. InvalidArgument: no http or https URL.
[[nodiscard]] Result<std::string> host_of_url(const std::string& url);

class Transfer {
 public:
  Transfer(PostRequest request, const TransferOptions& options);  // `options` outlive it
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Its private pointer leads back here.
  [[nodiscard]] CURL* handle() { return handle_.get(); }
  // Once libcurl has said how it ended.
  [[nodiscard]] PostAnswer answer(CURLcode ending);

 private:
  struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  void set_headers();
  void set_bounds();
  void set_callbacks();
  template <class Value>
  void set(CURLoption option, Value value);
  [[nodiscard]] curl_socket_t open_socket(curlsocktype purpose, const curl_sockaddr& address);
  [[nodiscard]] bool read_head(std::string_view line);
  [[nodiscard]] bool read_body(std::string_view bytes);
  [[nodiscard]] PostAnswer answered() const;
  [[nodiscard]] std::string failure(CURLcode ending) const;

  PostRequest request_;
  const TransferOptions& options_;
  std::unique_ptr<curl_slist, Cleanup> headers_;
  char why_[CURL_ERROR_SIZE] = {};
  bool tried_ = false;   // to connect to an address that is allowed
  std::string refused_;  // the last address that is not, or empty
  std::size_t head_bytes_ = 0;
  bool head_complete_ = false;
  std::string body_;
  std::unique_ptr<CURL, Cleanup> handle_;  // goes first: it refers to all of the above
};

}  // namespace convoke
