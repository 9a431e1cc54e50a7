#include "queue/redis/replicas.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace convoke::redis {
namespace {

constexpr Seconds kRetryAfter{1};

LinkOptions named(LinkOptions link) {
  if (!link.name.empty()) link.name += "-accepts";
  return link;
}

// A WAIT always finds room behind what went before: open() keeps the limits.
PipelineLimits unlimited() {
  return {std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max()};
}

Error unavailable(const std::string& why) {
  return Error{ErrorCode::kServiceUnavailable, why, kRetryAfter};
}

Error too_few(std::uint64_t have, std::uint8_t wanted) {
  return unavailable("the call was not taken: " + std::to_string(wanted) +
                     " replicas of the queue's server must have what it takes, and " +
                     std::to_string(have) + " have what came last");
}

}  // namespace

Replicas::Replicas(std::uint8_t wanted, const LinkWorld& world, const LinkOptions& link,
                   const PipelineLimits& limits, Rng rng, ReplicasOwner& owner)
    : wanted_(wanted),
      limits_(limits),
      wait_max_(std::min<Duration>(kReplicasWaitMax, link.patience / 2)),
      clock_(world.clock),
      wheel_(world.wheel),
      owner_(owner),
      trouble_(unavailable("the queue's server has not said yet how many replicas it has")),
      connection_(world, named(link), unlimited(), rng, *this) {}

bool Replicas::open() const {
  return connection_.ready() && !waiting_ && !trouble_ &&
         connection_.pending() < limits_.commands_max &&
         connection_.pending_bytes() < limits_.bytes_max;
}

void Replicas::send(const Command& command, Connection::Handler handler) {
  sent_ = true;
  connection_.send(command, std::move(handler));
}

void Replicas::flush() {
  if (std::exchange(sent_, false)) ask();
  connection_.flush();
}

void Replicas::ask() {
  if (!connection_.ready() || std::exchange(waiting_, true)) return;
  connection_.send(Command("WAIT").arg(wanted_).arg(std::int64_t{wait_max_ / Millis{1}}),
                   [this](const Answer& answer) { on_answer(answer); });
}

void Replicas::on_answer(const Answer& answer) {
  if (answer.fate != Fate::kReplied) return owner_.on_replicated(std::nullopt);
  waiting_ = false;
  const std::optional<std::int64_t> said = answer.reply.integer();
  std::optional<std::uint64_t> have;
  if (said && *said >= 0) have = static_cast<std::uint64_t>(*said);
  const bool enough = have && *have >= wanted_;
  if (enough) trouble_.reset();
  owner_.on_replicated(have);
  if (!enough) {
    wheel_.schedule(ask_again_, clock_.now() + kAskAgainEvery);
    shut(have ? too_few(*have, wanted_)
              : unavailable("the queue's server does not say what its replicas have: " +
                            std::string(answer.reply.text())));
  }
  has_answered_ = true;
}

void Replicas::on_lost(const Error& why) {
  waiting_ = false;
  shut(unavailable("the queue's server cannot be reached: " + why.message));
}

void Replicas::shut(Error why) {
  const bool news = !trouble_ || !has_answered_;
  trouble_ = std::move(why);
  if (news) owner_.on_shut(*trouble_);
}

}  // namespace convoke::redis
