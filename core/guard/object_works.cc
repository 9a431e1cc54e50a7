#include "core/guard/object_works.h"

#include <iterator>
#include <tuple>
#include <utility>

#include "core/guard/derived_key.h"
#include "core/registry/trigger.h"

namespace convoke {

std::string ObjectWorks::place_of(std::string_view bucket, std::string_view core) {
  std::string place;
  place.reserve(bucket.size() + 1 + core.size());
  return place.append(bucket).append(1, '/').append(core);
}

void ObjectWorks::begin(const CallId& call, std::string_view bucket, std::string_view key,
                        const Lineage& lineage, WallTime now) {
  if (key.size() > kObjectKeyBytesMax) return;
  const std::lock_guard lock(lock_);
  forget_ended(now);
  if (running_.size() + ended_.size() >= kWorksMax) forget_oldest();
  std::string place = place_of(bucket, core_of(parts_of(key).stem));
  if (running_.size() == kWorksMax || by_call_.contains(call)) return;
  if (by_place_.count(place) >= kWorksOfOneMax && !forget_oldest_of(place)) return;
  running_.push_back({call, std::move(place), std::string(key), lineage, now, std::nullopt});
  const auto work = std::prev(running_.end());
  by_call_.emplace(call, work);
  by_place_.emplace(work->place, work);
}

void ObjectWorks::end(const CallId& call, WallTime now) {
  const std::lock_guard lock(lock_);
  const auto found = by_call_.find(call);
  if (found == by_call_.end()) return;
  const Works::iterator work = found->second;
  by_call_.erase(found);
  work->ended = now;
  ended_.splice(ended_.end(), running_, work);
  forget_ended(now);
}

ObjectWorks::Fit ObjectWorks::fit(const Work& work, const Write& write, WallTime now) {
  if (!is_derived(write.key, work.key)) return Fit::kNone;
  const WallTime at = write.at.value_or(now);
  const Millis after = write.at ? kClocksApart : Millis{kRemembered};
  const bool during = at >= work.begun && (!work.ended || at <= *work.ended);
  if (during) return Fit::kDuring;
  const bool near = at + kClocksApart >= work.begun && (!work.ended || at <= *work.ended + after);
  return near ? Fit::kNear : Fit::kNone;
}

std::optional<Lineage> ObjectWorks::writer_of(const Write& write, FunctionId callee,
                                              WallTime now) const {
  const FunctionTag tag = tag_of(callee);
  const std::lock_guard lock(lock_);
  const auto rank_of = [tag](const Work& work, Fit fit) {
    const std::size_t stem = parts_of(work.key).stem.size();
    return std::tuple(kObjectKeyBytesMax - stem, fit, visits_of(work.lineage, tag),
                      work.lineage.depth);
  };
  const Work* writer = nullptr;
  decltype(rank_of(*writer, Fit::kNone)) least;
  std::size_t looks = 0;
  for_each_core(write.key, [&](std::string_view core) {
    const auto [first, last] = by_place_.equal_range(place_of(write.bucket, core));
    for (auto at = first; at != last; ++at) {
      if (++looks > kLooksForWriterMax) return;
      const Work& work = *at->second;
      const Fit how = fit(work, write, now);
      if (how == Fit::kNone) continue;
      const auto rank = rank_of(work, how);
      if (writer != nullptr && least <= rank) continue;
      writer = &work;
      least = rank;
    }
  });
  return writer != nullptr ? std::optional(writer->lineage) : std::nullopt;
}

std::vector<std::string> ObjectWorks::latest(std::string_view bucket, std::size_t max) const {
  const std::string beginning = place_of(bucket, {});
  std::vector<std::string> keys;
  const std::lock_guard lock(lock_);
  std::size_t looks = 0;
  for (auto work = ended_.rbegin(); work != ended_.rend() && keys.size() < max; ++work) {
    if (++looks > kLooksForLatestMax) break;
    if (work->place.starts_with(beginning)) keys.push_back(work->key);
  }
  return keys;
}

std::size_t ObjectWorks::size() const {
  const std::lock_guard lock(lock_);
  return running_.size() + ended_.size();
}

void ObjectWorks::forget_ended(WallTime now) {
  while (!ended_.empty() && now > *ended_.front().ended + kRemembered) forget_oldest();
}

void ObjectWorks::forget_oldest() {
  if (!ended_.empty()) forget(ended_.begin());
}

bool ObjectWorks::forget_oldest_of(const std::string& place) {
  const auto [first, last] = by_place_.equal_range(place);
  Works::iterator oldest = ended_.end();
  for (auto at = first; at != last; ++at) {
    const Works::iterator work = at->second;
    if (!work->ended) continue;
    if (oldest == ended_.end() || *work->ended < *oldest->ended) oldest = work;
  }
  if (oldest == ended_.end()) return false;
  forget(oldest);
  return true;
}

void ObjectWorks::forget(Works::iterator ended) {
  const auto [first, last] = by_place_.equal_range(ended->place);
  for (auto at = first; at != last; ++at) {
    if (at->second != ended) continue;
    by_place_.erase(at);
    break;
  }
  ended_.erase(ended);
}

}  // namespace convoke
