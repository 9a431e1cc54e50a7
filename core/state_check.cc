#include "core/state_check.h"

#include "core/loop/log_view.h"
#include "core/loop/state_lock.h"
#include "core/registry/registry.h"
#include "queue/history/history.h"
#include "queue/journal/check.h"
#include "queue/journal/incarnation.h"

namespace convoke {
namespace {

Error of_journal(const std::string& path, const Error& why) {
  return Error{why.code, path + ": " + why.message, why.retry_after};
}

Result<void> check_formats(const StatePlaces& places, StateSeen& seen) {
  for (const std::uint32_t number : places.journals()) {
    LogView journal(places.journal(number));
    if (auto known = journal::check_format(journal); !known) {
      return of_journal(places.journal(number), known.error());
    }
    ++seen.journals;
  }
  return {};
}

Result<void> check_whole(const StatePlaces& places, StateSeen& seen) {
  LogView queue(places.queue());
  if (auto sound = journal::check_incarnation(queue); !sound) return sound;
  for (const std::uint32_t number : places.journals()) {
    LogView journal(places.journal(number));
    const auto unfinished = journal::check_whole(journal, number);
    if (!unfinished) return of_journal(places.journal(number), unfinished.error());
    seen.unfinished_calls += *unfinished;
    ++seen.journals;
  }
  return {};
}

// An engine that starts meanwhile makes whole journals look damaged.
Result<StateSeen> check_journals(const StatePlaces& places) {
  StateSeen seen;
  seen.in_use_by = StateLock::holder(places.path());
  if (!seen.in_use_by) {
    auto whole = check_whole(places, seen);
    if (whole) return seen;
    seen = StateSeen{};
    seen.in_use_by = StateLock::holder(places.path());
    if (!seen.in_use_by) return whole.error();
  }
  if (auto known = check_formats(places, seen); !known) return known.error();
  return seen;
}

}  // namespace

Result<void> check_nothing_unfinished(const StatePlaces& places) {
  StateSeen seen;
  if (places.journals().empty()) return {};
  if (auto whole = check_whole(places, seen); !whole) return whole;
  if (seen.unfinished_calls == 0) return {};
  return Error{ErrorCode::kInvalidArgument,
               std::to_string(seen.unfinished_calls) + " calls wait in the journals of " +
                   places.path() +
                   ", where a queue on a server would leave them for ever: start once without "
                   "--queue, until they have run, or take another state directory"};
}

Result<StateSeen> check_state(const std::string& directory) {
  if (auto usable = StateDirectory::check(directory); !usable) return usable.error();
  const StatePlaces places(directory);
  if (auto registry = Registry::check(directory); !registry) return registry.error();
  if (auto history = history::History::check(places.history()); !history) return history.error();
  return check_journals(places);
}

}  // namespace convoke
