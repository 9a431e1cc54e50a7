#include "core/dispatch/deliverer.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "core/dispatch/delivery.h"
#include "core/dispatch/delivery_signature.h"
#include "core/dispatch/retry.h"
#include "core/dispatch/successor.h"
#include "queue/delivery_name.h"

namespace convoke {

Deliverer::Deliverer(const DelivererWorld& world, Rng rng, Alarm alarm)
    : world_(world), rng_(rng), alarm_(std::move(alarm)) {}

void Deliverer::on_ready(FunctionId line) {
  const bool known = std::find(ready_.begin(), ready_.end(), line) != ready_.end();
  if (!known) ready_.push_back(line);
  claim_more();
}

void Deliverer::claim_more() {
  std::size_t looked_at = ready_.size();
  while (!draining_ && looked_at-- > 0 && under_way_ + asked_ < kDeliveriesMax) {
    const FunctionId line = ready_.front();
    ready_.pop_front();
    const auto posted = posted_.find(line);
    const std::size_t mine = posted == posted_.end() ? 0 : posted->second;
    if (claiming_.contains(line) || mine >= kDeliveriesOfOneMax) {
      ready_.push_back(line);
      continue;
    }
    const std::size_t wanted =
        std::min(kDeliveriesOfOneMax - mine, kDeliveriesMax - under_way_ - asked_);
    claiming_[line] = wanted;
    asked_ += wanted;
    queue_->claim(line, wanted);
  }
}

void Deliverer::on_claimed(FunctionId line, std::vector<ClaimedCall> deliveries) {
  const auto asked = claiming_.find(line);
  asked_ -= asked->second;
  claiming_.erase(asked);
  under_way_ += deliveries.size();
  if (!deliveries.empty()) posted_[line] += deliveries.size();
  for (ClaimedCall& delivery : deliveries) post(std::move(delivery));
  claim_more();
}

void Deliverer::post(ClaimedCall claimed) {
  const auto delivery = std::make_shared<ClaimedCall>(std::move(claimed));
  if (delivery->event_lost) return end_without_record(*delivery);
  const DeliveryEvent what = decode_delivery(delivery->event);
  const CallId call = delivered_call(delivery->name).value_or(delivery->receipt.id);
  PostRequest request;
  request.url = what.url;
  request.headers = sign_delivery(world_.key, call, world_.clock.wall(), what.record);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = what.record;
  world_.poster.post(std::move(request),
                     [this, delivery](const PostAnswer& answer) { on_answer(*delivery, answer); });
}

void Deliverer::end_without_record(const ClaimedCall& delivery) {
  AttemptReport report;
  report.message = "Failed: what was to be delivered was deleted from the queue's store";
  alarm_(
      fmt::format("the outcome of call {} is not delivered: it was deleted from the queue's store",
                  delivery.name.substr(1)));
  Ending ending = Settlement::kFailed;
  ending.report = std::move(report);
  queue_->settle(delivery.receipt, std::move(ending),
                 [this, delivery](SettleResult result) { written(delivery, result); });
}

void Deliverer::on_answer(const ClaimedCall& delivery, const PostAnswer& answer) {
  Call::Lease lease;
  lease.due = delivery.due;
  lease.retries = delivery.retries;
  const FunctionId function = function_of_line(delivery.receipt.function);
  const RetryPolicy policy =
      retry_policy(world_.directory.async_config_of(function, delivery.qualifier).get());
  const AfterAttempt after =
      after_delivery(lease, answer, policy.age_max, world_.clock.wall(), rng_);
  AttemptReport report;
  report.message = destination_status(after, answer);
  const auto heard = [this, delivery](SettleResult result) { written(delivery, result); };
  if (after.action == AfterAttempt::Do::kPostpone) {
    return queue_->postpone(delivery.receipt, after.due, after.spends, std::move(report), heard);
  }
  if (after.settlement != Settlement::kSucceeded) {
    alarm_(fmt::format("the outcome of call {} was not delivered to {}: {}",
                       delivery.name.substr(1), decode_delivery(delivery.event).url,
                       report.message));
  }
  Ending ending = after.settlement;
  ending.report = std::move(report);
  queue_->settle(delivery.receipt, std::move(ending), heard);
}

void Deliverer::written(const ClaimedCall& delivery, SettleResult result) {
  --under_way_;
  const auto posted = posted_.find(delivery.receipt.function);
  if (--posted->second == 0) posted_.erase(posted);
  if (result == SettleResult::kStoreFailed) {
    alarm_(
        fmt::format("what came of delivery {} could not be written: it is made again after the "
                    "next start",
                    delivery.name));
  }
  claim_more();
}

}  // namespace convoke
