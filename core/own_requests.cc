#include "core/own_requests.h"

#include <utility>

namespace convoke {
namespace {

http::Response refusal(const char* why) {
  return http::error_response({ErrorCode::kServiceUnavailable, why, Seconds{1}}, "");
}

}  // namespace

OwnRequests::~OwnRequests() {
  for (auto& [exchange, answered] : open_) answered(refusal("the engine has ended"));
  for (Asked& asked : asked_) asked.answered(refusal("the engine has ended"));
}

void OwnRequests::ask(http::Request request, Answered answered) {
  if (unanswered_.fetch_add(1) >= kOwnRequestsMax) {
    --unanswered_;
    return answered(refusal("too many requests of this program are unanswered"));
  }
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = asked_.empty();
    asked_.push_back({std::move(request), std::move(answered)});
  }
  if (first) wake_();
}

void OwnRequests::take_all() {
  std::vector<Asked> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(asked_);
  }
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

http::ExchangeId OwnRequests::next_name() {
  const std::uint64_t name = ++names_;
  return {kNoConnection, static_cast<std::uint32_t>(name >> 32), static_cast<std::uint32_t>(name)};
}

}  // namespace convoke
