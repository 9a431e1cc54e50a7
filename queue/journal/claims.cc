#include "queue/journal/claims.h"

#include <utility>

namespace convoke::journal {

void Claims::begin(FunctionId function, std::vector<Taken> taken) {
  Claim claim{function, std::move(taken), 0};
  std::vector<std::pair<std::size_t, Slot>> to_read;
  for (std::size_t i = 0; i < claim.taken.size(); ++i) {
    if (!claim.taken[i].has_event) to_read.emplace_back(i, claim.taken[i].slot);
  }
  if (to_read.empty()) return answer(std::move(claim));
  claim.reads = to_read.size();
  const std::uint64_t number = next_++;
  waiting_.emplace(number, std::move(claim));
  for (const auto& [position, slot] : to_read) read(number, position, slot);
}

void Claims::read(std::uint64_t claim, std::size_t position, Slot slot) {
  const Location from = index_.at(slot).location;  // compaction may move the call meanwhile
  ++from.segment->reads;
  from.segment->file.file->read(from.offset, from.size,
                                [this, claim, position, from](const Result<std::string>& bytes) {
                                  --from.segment->reads;
                                  on_read(claim, position, from, bytes);
                                });
}

void Claims::on_read(std::uint64_t number, std::size_t position, const Location& from,
                     const Result<std::string>& bytes) {
  const auto at = waiting_.find(number);
  Claim& claim = at->second;
  Taken& taken = claim.taken[position];
  const auto record = bytes.ok() ? decode(*bytes, from.segment->salt) : std::nullopt;
  const auto found = record ? as_accepted(*record) : std::nullopt;
  taken.has_event = found && found->id == taken.call.receipt.id;
  if (taken.has_event) {
    taken.call.qualifier = found->qualifier;
    taken.call.name = found->name;
    taken.call.event = found->event;
    taken.call.lineage = found->lineage;
  } else {
    unreadable_(taken.slot, bytes.ok() ? "it is damaged" : bytes.error().message);
  }
  if (--claim.reads > 0) return;
  Claim whole = std::move(claim);
  waiting_.erase(at);
  answer(std::move(whole));
}

void Claims::answer(Claim claim) {
  std::vector<ClaimedCall> calls;
  calls.reserve(claim.taken.size());
  for (Taken& one : claim.taken) {
    if (one.has_event) calls.push_back(std::move(one.call));
  }
  answer_(claim.function, std::move(calls));
}

}  // namespace convoke::journal
