#include "queue/redis/stops.h"

#include <optional>
#include <utility>

namespace convoke::redis {
namespace {

// "NUMBER ID": both channels speak so.
struct Message {
  std::uint64_t number = 0;
  CallId id;
};

std::optional<Message> parse(std::string_view payload) {
  const std::size_t space = payload.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto number = parse_function(payload.substr(0, space));
  const auto id = CallId::parse(payload.substr(space + 1));
  return number && id ? std::optional(Message{number->value, *id}) : std::nullopt;
}

std::string text_of(std::uint64_t number, const CallId& id) {
  return std::to_string(number) + ' ' + id.text();
}

}  // namespace

Stops::Stops(std::string_view prefix, const Clock& clock, TimerWheel& wheel, Pipeline& connection,
             StopsOwner& owner)
    : keys_(prefix), clock_(clock), wheel_(wheel), connection_(connection), owner_(owner) {}

void Stops::ask(FunctionId function, const CallId& id, Queue::Stopped stopped) {
  Asked& asked =
      asked_.try_emplace(id, Asked{function, clock_.now() + kPatience, {}}).first->second;
  asked.stopped.push_back(std::move(stopped));
  publish(function, id);
  if (!look_.scheduled()) wheel_.schedule(look_, clock_.now() + kLookEvery);
}

void Stops::ask_again(const CallId& id) {
  const auto asked = asked_.find(id);
  if (asked != asked_.end()) publish(asked->second.function, id);
}

void Stops::publish(FunctionId function, const CallId& id) {
  connection_.send(Command("PUBLISH").arg(keys_.stops).arg(text_of(function.value, id)),
                   [](const Answer&) {});
}

void Stops::answer(const CallId& id, StopResult result) {
  auto asked = asked_.extract(id);
  if (asked.empty()) return;
  for (const Queue::Stopped& stopped : asked.mapped().stopped) stopped(result);
}

void Stops::look() {
  const Instant now = clock_.now();
  std::vector<std::pair<FunctionId, CallId>> due;
  for (const auto& [id, asked] : asked_) due.emplace_back(asked.function, id);
  for (const auto& [function, id] : due) {
    const auto asked = asked_.find(id);
    if (asked == asked_.end()) continue;  // answered meanwhile
    if (asked->second.given_up_at <= now) {
      answer(id, StopResult::kStoreFailed);
    } else {
      owner_.look_again(function, id);
    }
  }
  if (!asked_.empty()) wheel_.schedule(look_, now + kLookEvery);
}

// ---- what others ask, and say ----

void Stops::tell(const CallId& id, StopResult result) {
  const auto number = static_cast<std::uint64_t>(result);
  connection_.send(Command("PUBLISH").arg(keys_.stopped).arg(text_of(number, id)),
                   [](const Answer&) {});
}

void Stops::on_message(std::string_view channel, std::string_view payload) {
  const auto message = parse(payload);
  if (!message) return;
  if (channel == keys_.stops) return owner_.on_stop_asked(FunctionId{message->number}, message->id);
  const auto result = static_cast<StopResult>(message->number);
  if (result == StopResult::kStopped || result == StopResult::kUnknown) {
    answer(message->id, result);
  }
}

}  // namespace convoke::redis
