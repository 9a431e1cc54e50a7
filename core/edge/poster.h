// HTTP POST to the world outside, for deliveries to a user's URL.
//
// Threads: a Poster belongs to one shard and is used on its thread alone; Done runs there too, in a
// later turn, never from inside post(). Lifetime: destroying a Poster gives up what is under way
// (the peer may have got it) and promises silence.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/model/instant.h"

namespace convoke {

struct PostRequest {
  std::string url;  // http or https; as a user wrote it
  // Beside Host and Content-Length. Written by the engine: no line breaks in them.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct PostAnswer {
  enum class Kind : std::uint8_t {
    kAnswered,  // with `status`, whatever it is; redirects are not followed
    kFailed,    // no answer in time, or none at all: it may have arrived or not
    kRefused,   // not sent, and never will be: no URL, or an address that is not allowed
    kFull,      // not sent: too much is waiting already, in all or for that host
  };
  Kind kind = Kind::kFailed;
  int status = 0;                      // kAnswered
  std::optional<Seconds> retry_after;  // kAnswered, where the answer says so
  std::string body;                    // kAnswered: its beginning
  std::string error;                   // the others: why, in words
};

class Poster {
 public:
  using Done = std::function<void(PostAnswer)>;

  virtual ~Poster() = default;
  // `done` runs exactly once, unless the Poster is destroyed first.
  virtual void post(PostRequest request, Done done) = 0;
};

}  // namespace convoke
