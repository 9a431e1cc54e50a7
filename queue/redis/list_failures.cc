#include <algorithm>
#include <memory>
#include <utility>

#include "queue/redis/list_walk.h"
#include "queue/redis/sorted.h"

namespace convoke::redis {
namespace {

using history::Place;

constexpr std::size_t kFunctionsAtOnce = 100;  // asked by one round of commands

struct Candidate {
  Place place;
  FunctionId function;
};

// The first calls of each function, merged: one more than the page holds, to know whether another
// follows.
class FailedWalk : public std::enable_shared_from_this<FailedWalk> {
 public:
  FailedWalk(const Reading& reading, history::FailedQuery list, std::optional<Place> after,
             Done<history::Page> done)
      : reading_(reading), list_(std::move(list)), after_(after), done_(std::move(done)) {}

  void start();

 private:
  void look_at_functions();
  void on_ranges(std::vector<FunctionId> functions, const std::vector<Texts>& ranges);
  void merge(FunctionId function, std::vector<Place> places);
  void read_candidates();
  void finish();

  const Reading& reading_;
  const history::FailedQuery list_;
  const std::optional<Place> after_;
  const Done<history::Page> done_;
  std::vector<FunctionId> left_;  // to be looked at
  std::size_t step_ = 0;          // calls asked of each
  std::vector<Candidate> first_;  // in order, at most limit + 1
  std::vector<KeptRow> rows_;
  bool more_ = false;
};

void FailedWalk::start() {
  step_ = list_.limit + 2;  // the one that the page before ended with, and the one behind this page
  if (list_.function) {
    left_ = {*list_.function};
    return look_at_functions();
  }
  read_functions(reading_, [self = shared_from_this()](Result<std::vector<FunctionId>> functions) {
    if (!functions) return self->done_(functions.error());
    self->left_ = *std::move(functions);
    self->look_at_functions();
  });
}

void FailedWalk::look_at_functions() {
  if (left_.empty()) return read_candidates();
  const std::size_t count = std::min(left_.size(), kFunctionsAtOnce);
  std::vector<FunctionId> functions(left_.end() - static_cast<std::ptrdiff_t>(count), left_.end());
  left_.resize(left_.size() - count);
  std::vector<Command> commands;
  for (const FunctionId function : functions) {
    const FunctionKeys keys(reading_.prefix, function);
    commands.push_back(
        range_from(keys.history()[FunctionKeys::kFailed], after_, list_.order, step_));
  }
  ask_all(reading_, commands,
          [self = shared_from_this(), functions](Result<std::vector<Texts>> ranges) {
            if (!ranges) return self->done_(ranges.error());
            self->on_ranges(functions, *ranges);
          });
}

// A function with more calls of one moment than were asked for is asked for more.
void FailedWalk::on_ranges(std::vector<FunctionId> functions, const std::vector<Texts>& ranges) {
  bool wider = false;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    std::vector<Place> places = places_in(ranges[i]);
    const bool whole = ranges[i].size() < 2 * step_;
    drop_up_to(after_, list_.order, places);
    if (!whole && places.size() <= list_.limit) {
      left_.push_back(functions[i]);
      wider = true;
    } else {
      merge(functions[i], std::move(places));
    }
  }
  if (wider) step_ *= 2;
  look_at_functions();
}

void FailedWalk::merge(FunctionId function, std::vector<Place> places) {
  for (const Place& place : places) first_.push_back({place, function});
  std::sort(first_.begin(), first_.end(), [this](const Candidate& a, const Candidate& b) {
    return comes_after(b.place, a.place, list_.order);
  });
  if (first_.size() > list_.limit + 1) first_.resize(list_.limit + 1);
}

void FailedWalk::read_candidates() {
  more_ = first_.size() > list_.limit;
  if (more_) first_.resize(list_.limit);
  const auto left = std::make_shared<std::size_t>(first_.size());
  if (*left == 0) return finish();
  const auto error = std::make_shared<std::optional<Error>>();
  const auto found = std::make_shared<std::vector<std::vector<KeptRow>>>(first_.size());
  for (std::size_t i = 0; i < first_.size(); ++i) {
    read_rows(
        reading_, first_[i].function, {first_[i].place.id},
        [self = shared_from_this(), left, error, found, i](Result<std::vector<KeptRow>> rows) {
          if (rows) {
            (*found)[i] = *std::move(rows);
          } else {
            *error = rows.error();
          }
          if (--*left > 0) return;
          if (*error) return self->done_(**error);
          for (auto& some : *found) {
            for (KeptRow& row : some) self->rows_.push_back(std::move(row));
          }
          self->finish();
        });
  }
}

void FailedWalk::finish() {
  std::vector<Place> places;
  for (const KeptRow& row : rows_) places.push_back({row.kept.record.accepted, row.kept.record.id});
  complete(reading_, std::move(rows_), list_.payload,
           [self = shared_from_this(), places](Result<std::vector<history::Record>> records) {
             if (!records) return self->done_(records.error());
             const bool cut = records->size() < places.size();
             history::Page page;
             if (cut || self->more_) {
               const Place last = cut ? places[records->size() - 1] : self->first_.back().place;
               page.next_token = history::token_for(last, history::fingerprint_of(self->list_));
             }
             page.records = *std::move(records);
             self->done_(std::move(page));
           });
}

}  // namespace

void list_failures(const Reading& reading, history::FailedQuery list, std::optional<Place> after,
                   Done<history::Page> done) {
  std::make_shared<FailedWalk>(reading, std::move(list), after, std::move(done))->start();
}

}  // namespace convoke::redis
