#include "core/own_requests.h"

#include <utility>

namespace convoke {

bool OwnRequests::ask(http::Request request, Answered answered) {
  if (unanswered_.fetch_add(1) >= kOwnRequestsMax) {
    --unanswered_;
    return false;
  }
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) {
      --unanswered_;
      return false;
    }
    first = asked_.empty();
    asked_.push_back({std::move(request), std::move(answered)});
  }
  if (first) wake_();
  return true;
}

void OwnRequests::take_all() {
  std::deque<Asked> taken;
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    for (; !asked_.empty() && taken.size() < kOwnRequestsPerTurn; asked_.pop_front()) {
      taken.push_back(std::move(asked_.front()));
    }
    more = !asked_.empty();
  }
  if (more) wake_();
  for (Asked& asked : taken) {
    const http::ExchangeId exchange = next_name();
    open_.emplace(exchange, std::move(asked.answered));
    take_(exchange, std::move(asked.request));
  }
}

void OwnRequests::respond(const http::ExchangeId& exchange, http::Response response) {
  const auto found = open_.find(exchange);
  if (found == open_.end()) return;
  const Answered answered = std::move(found->second);
  open_.erase(found);
  --unanswered_;
  answered(std::move(response));
}

void OwnRequests::end() {
  std::deque<Asked> asked;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    asked.swap(asked_);
  }
  const auto open = std::exchange(open_, {});
  const http::Response over = http::error_response(
      {ErrorCode::kServiceUnavailable, "the engine has ended", std::nullopt}, "");
  for (const auto& [exchange, answered] : open) answered(over);
  for (const Asked& one : asked) one.answered(over);
}

http::ExchangeId OwnRequests::next_name() {
  const std::uint64_t name = ++names_;
  return {kNoConnection, static_cast<std::uint32_t>(name >> 32), static_cast<std::uint32_t>(name)};
}

}  // namespace convoke
