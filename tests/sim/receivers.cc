#include "tests/sim/receivers.h"

#include <string_view>

namespace convoke::sim {
namespace {

constexpr Seconds kPostTimeout{10};

// Whose record it is; nobody's: not a record.
CallId call_of_record(std::string_view record) {
  constexpr std::string_view kBefore = "\"requestId\":\"";
  const std::size_t at = record.find(kBefore);
  if (at == std::string_view::npos) return {};
  return CallId::parse(record.substr(at + kBefore.size(), CallId::kTextSize)).value_or(CallId{});
}

PostAnswer not_answered(PostAnswer::Kind kind, const char* why) {
  PostAnswer answer;
  answer.kind = kind;
  answer.error = why;
  return answer;
}

}  // namespace

void SimPoster::post(PostRequest request, Done done) {
  Chaos& chaos = stage_.chaos;
  const Duration soon = between(rng_, std::chrono::microseconds{200}, Millis{50});
  if (chaos.strikes(Fault::kReceiverNotAllowed)) {
    return answer(soon, not_answered(PostAnswer::Kind::kRefused, "not an address for it"),
                  std::move(done));
  }
  if (chaos.strikes(Fault::kReceiverFull)) {
    return answer(soon, not_answered(PostAnswer::Kind::kFull, "too much waits"), std::move(done));
  }
  if (chaos.strikes(Fault::kReceiverTimesOut)) {
    if (rng_.one_in(2)) arrive(request.body, soon, 200, nullptr);
    return answer(kPostTimeout, not_answered(PostAnswer::Kind::kFailed, "no answer"),
                  std::move(done));
  }
  int status = 200;
  if (chaos.strikes(Fault::kReceiverFails)) status = rng_.one_in(3) ? 429 : 503;
  if (chaos.strikes(Fault::kReceiverRefuses)) status = 404;
  arrive(request.body, soon, status, std::move(done));
}

void SimPoster::answer(Duration after, PostAnswer answer, Done done) {
  turn_in_(after, [answer = std::move(answer), done = std::move(done)] { done(answer); });
}

// The receiver is of this world: it has the record whether or not its engine lives to hear of it.
void SimPoster::arrive(const std::string& record, Duration after, int status, Done done) {
  const CallId id = call_of_record(record);
  stage_.agenda.in(after, [this_stage = &stage_, id, status] {
    if (this_stage->planted(Planted::kDeliversNowhere)) return;
    this_stage->seen.tell(&Observer::on_delivered, id, status);
  });
  if (done == nullptr) return;
  PostAnswer said;
  said.kind = PostAnswer::Kind::kAnswered;
  said.status = status;
  if (status == 429) said.retry_after = Seconds{1 + rng_.below(20)};
  answer(after + Millis{1}, std::move(said), std::move(done));
}

}  // namespace convoke::sim
