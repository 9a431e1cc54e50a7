// Requests of the program that the engine is embedded in: no socket, the same answers.
//
// ask() may be called on any thread; all else belongs to the shard's. A burst of requests wakes
// the loop once, and takes turns with what else the shard does. Each that was taken is answered
// exactly once, on the shard's thread; what is unanswered at end() is answered there, with
// ServiceUnavailable.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "core/http/message.h"
#include "core/http/server.h"

namespace convoke {

// Asked and not answered, on one shard. Callers who wait are limited per function before that
// (DispatchOptions::sync_waiters_max).
inline constexpr std::size_t kOwnRequestsMax = 1'000'000;
inline constexpr std::size_t kOwnRequestsPerTurn = 1024;

class OwnRequests {
 public:
  using Answered = std::function<void(http::Response)>;
  // Hands one to the shard, as http::Handler's on_head and on_request do: it is responded to, or
  // refused here.
  using Take = std::function<void(http::ExchangeId, http::Request)>;

  // `wake`: has take_all() called on the shard's thread, in a later turn; any thread.
  OwnRequests(std::function<void()> wake, Take take)
      : wake_(std::move(wake)), take_(std::move(take)) {}
  OwnRequests(const OwnRequests&) = delete;
  OwnRequests& operator=(const OwnRequests&) = delete;

  // Any thread. False: it is over, or kOwnRequestsMax are open; then `answered` never runs.
  [[nodiscard]] bool ask(http::Request request, Answered answered);

  void take_all();
  // Whether an exchange was named here, and not by the shard's server.
  [[nodiscard]] static bool named(const http::ExchangeId& exchange) {
    return exchange.connection == kNoConnection;
  }
  void respond(const http::ExchangeId& exchange, http::Response response);
  // Nothing is taken any more. While the shard's thread does not run.
  void end();
  // Taken and not answered.
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  static constexpr std::uint32_t kNoConnection = 0xFFFFFFFF;  // no server has so many

  struct Asked {
    http::Request request;
    Answered answered;
  };
  [[nodiscard]] http::ExchangeId next_name();

  const std::function<void()> wake_;
  const Take take_;
  std::mutex mutex_;  // guards these two
  std::deque<Asked> asked_;
  bool ended_ = false;

  std::atomic<std::size_t> unanswered_{0};
  std::uint64_t names_ = 0;
  std::unordered_map<http::ExchangeId, Answered, http::HashExchange> open_;
};

}  // namespace convoke
