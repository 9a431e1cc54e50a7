// How a store takes over the journals that it finds at its start.
#include <algorithm>
#include <utility>

#include "queue/journal/recovery.h"
#include "queue/journal/store.h"

namespace convoke::journal {

Result<std::unique_ptr<JournalStore>> JournalStore::open(Options options,
                                                         std::vector<JournalPlace> journals,
                                                         std::uint32_t incarnation,
                                                         const Clock& clock, TimerWheel& wheel,
                                                         QueueListener& listener) {
  ENSURE(!journals.empty() && incarnation > 0);
  ENSURE(options.segment_bytes >= kSegmentBytesMin && options.segment_bytes <= kSegmentBytesMax);
  std::vector<Recovered> recovered;
  for (const JournalPlace& place : journals) {
    auto calls = std::make_unique<Unfinished>(
        ScratchSpace{[&dir = *place.dir] { return dir.scratch(); }, options.scratch_block_bytes},
        options.calls_in_memory_max);
    auto one =
        recover(*place.dir, place.number, options.segment_bytes, place.mark, std::move(calls));
    if (!one.ok()) return one.error();
    one->calls->settle(clock.wall());
    recovered.push_back(std::move(*one));
  }
  std::unique_ptr<JournalStore> store(
      new JournalStore(std::move(options), incarnation, clock, wheel, listener));
  for (std::size_t i = 0; i < journals.size(); ++i) {
    store->adopt(std::move(journals[i]), recovered[i]);
  }
  if (auto adopted = store->adopt_calls(recovered); !adopted.ok()) return adopted.error();
  return store;
}

void JournalStore::adopt(JournalPlace place, Recovered& recovered) {
  Journal journal;
  journal.dir = std::move(place.dir);
  const Writer::Place at{place.number,    incarnation_,      options_.segment_bytes,
                         options_.secret, journals_.empty(), options_.ends_wait_max};
  WriterClient& self = *this;
  journal.writer =
      std::make_unique<Writer>(at, *journal.dir, recovered, clock_, wheel_, self, options_.alarm);
  journal.compaction = std::make_unique<Compaction>(index_, *journal.writer, options_.segment_bytes,
                                                    wheel_, options_.alarm);
  if (options_.history != nullptr) {
    journal.teller = std::make_unique<Teller>(*journal.writer, *options_.history);
    for (history::Fact& fact : recovered.calls->take_facts()) {
      recovered.facts.push_back(std::move(fact));
    }
    journal.teller->restore(place.mark, std::move(recovered.facts), recovered.told_upto);
  }
  index_.add_writer(*journal.writer);
  journals_.push_back(std::move(journal));
}

// All journals' calls in one order: so those of one function come as they are to be claimed.
Result<void> JournalStore::adopt_calls(std::vector<Recovered>& recovered) {
  CallId last;
  for (;;) {
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < recovered.size(); ++i) {
      const CallNote* const call = recovered[i].calls->peek();
      if (call == nullptr) continue;
      if (!first || call->order < recovered[*first].calls->peek()->order) first = i;
    }
    if (!first) break;
    const CallNote call = recovered[*first].calls->take();
    if (call.id == last || index_.find(call.id) != kNoSlot) {
      options_.alarm("journal: two journals hold the call " + call.id.text() +
                     "; one is left alone");
      continue;
    }
    adopt(call);
    last = call.id;
  }
  for (std::size_t i = 0; i < recovered.size(); ++i) {
    if (const auto& failure = recovered[i].calls->failure()) return *failure;
    journals_[i].writer->begin(recovered[i].calls->size());
    recovered[i].calls.reset();
  }
  return {};
}

void JournalStore::adopt(const CallNote& call) {
  const Slot slot = index_.adopt(call);
  const Entry& entry = index_.at(slot);
  entry.writer->hold(entry.location);
  keys_.seen(call.order);
  begin_to_wait(slot);
}

}  // namespace convoke::journal
