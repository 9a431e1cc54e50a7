#include "queue/journal/unfinished.h"

#include <algorithm>
#include <utility>

#include "queue/journal/index.h"
#include "queue/journal/telling.h"

namespace convoke::journal {
namespace {

constexpr std::size_t kShares = 64;

// What a note says here, in `attempt`, which no call has had in this life of the engine.
enum Says : std::uint32_t { kAcceptedThen, kAttemptEnded, kFinishedThen, kFinishedUntold };

}  // namespace

Unfinished::Unfinished(ScratchSpace scratch, std::uint64_t in_memory_max)
    : blocks_(std::move(scratch)), in_memory_max_(in_memory_max) {}

Unfinished::~Unfinished() = default;

void Unfinished::accepted(CallNote call) {
  call.attempt = kAcceptedThen;
  take_in(std::move(call));
}

void Unfinished::attempt(const AttemptRecord& attempt) {
  CallNote note;
  note.id = attempt.id;
  note.attempt = kAttemptEnded;
  note.due = attempt.due;
  note.function_errors = attempt.function_errors;
  note.retries = attempt.retries;
  take_in(std::move(note));
}

void Unfinished::finished(const FinishedRecord& finished, Tell tell) {
  CallNote note;
  note.id = finished.id;
  note.attempt = tell == Tell::kYes && !finished.told ? kFinishedUntold : kFinishedThen;
  note.due = finished.at;
  note.retries = static_cast<std::uint32_t>(finished.settlement);
  take_in(std::move(note));
}

void Unfinished::take_in(CallNote note) {
  if (shares_.empty()) {
    apply(std::move(note));
    if (calls_.size() > in_memory_max_) deal_out();
    return;
  }
  shares_[std::hash<CallId>{}(note.id) % kShares]->put(note);
}

void Unfinished::apply(CallNote note) {
  const std::uint32_t says = std::exchange(note.attempt, 0);
  if (says == kAcceptedThen) {
    calls_.insert_or_assign(note.id, std::move(note));
    return;
  }
  const auto at = calls_.find(note.id);
  if (at == calls_.end()) return;
  if (says == kAttemptEnded) {
    at->second.due = note.due;
    at->second.function_errors = note.function_errors;
    at->second.retries = note.retries;
    return;
  }
  if (says == kFinishedUntold && has_history(at->second.name)) {
    history::Finished end;
    end.id = note.id;
    end.at = note.due;
    end.settlement = static_cast<Settlement>(note.retries);
    facts_.emplace_back(std::move(end));
  }
  calls_.erase(at);
}

void Unfinished::deal_out() {
  for (std::size_t i = 0; i < kShares; ++i) shares_.push_back(std::make_unique<Shelf>(blocks_));
  for (auto& [id, call] : std::exchange(calls_, {})) take_in(std::move(call));
}

void Unfinished::settle(WallTime now) {
  now_ = now;
  if (shares_.empty()) add_run();
  for (std::unique_ptr<Shelf>& share : shares_) {
    for (auto notes = share->take(); !notes.empty(); notes = share->take()) {
      for (CallNote& note : notes) apply(std::move(note));
    }
    add_run();
  }
  for (std::size_t run = 0; run < runs_.size(); ++run) advance(run);
}

// Of what one share left; of more than one, all but a block lie in scratch space.
void Unfinished::add_run() {
  Run& run = runs_.emplace_back();
  std::vector<CallNote> calls = sorted();
  size_ += calls.size();
  if (shares_.empty()) {
    run.next = std::move(calls);
    return;
  }
  run.rest = std::make_unique<Shelf>(blocks_);
  for (const CallNote& call : calls) run.rest->put(call);
}

std::vector<CallNote> Unfinished::sorted() {
  std::vector<CallNote> calls;
  calls.reserve(calls_.size());
  for (auto& [id, call] : std::exchange(calls_, {})) {
    const bool fell_due = call.due > call.accepted && call.due <= now_;
    if (fell_due) call.order = std::max(call.order, OrderKeys::at(call.due));
    calls.push_back(std::move(call));
  }
  std::sort(calls.begin(), calls.end(),
            [](const CallNote& a, const CallNote& b) { return a.order < b.order; });
  return calls;
}

bool Unfinished::later(std::size_t a, std::size_t b) const {
  return runs_[a].next[runs_[a].at].order > runs_[b].next[runs_[b].at].order;
}

// The run's next call takes its place among the others'.
void Unfinished::advance(std::size_t index) {
  Run& run = runs_[index];
  if (run.at == run.next.size() && run.rest != nullptr) {
    run.next = run.rest->take();
    run.at = 0;
  }
  if (run.at == run.next.size()) return;
  heap_.push_back(index);
  std::push_heap(heap_.begin(), heap_.end(),
                 [this](std::size_t a, std::size_t b) { return later(a, b); });
}

const CallNote* Unfinished::peek() const {
  if (heap_.empty()) return nullptr;
  const Run& run = runs_[heap_.front()];
  return &run.next[run.at];
}

CallNote Unfinished::take() {
  std::pop_heap(heap_.begin(), heap_.end(),
                [this](std::size_t a, std::size_t b) { return later(a, b); });
  const std::size_t index = heap_.back();
  heap_.pop_back();
  Run& run = runs_[index];
  CallNote call = std::move(run.next[run.at++]);
  advance(index);
  return call;
}

}  // namespace convoke::journal
