#include <algorithm>
#include <memory>
#include <utility>

#include "queue/redis/list_walk.h"
#include "queue/redis/sorted.h"

namespace convoke::redis {
namespace {

using history::Place;

constexpr std::size_t kStep = 200;  // rows read by one round of commands
// Up to so many calls under way are put in order; where there are more, the walk meets them.
constexpr std::size_t kUnderWayMax = 5'000;

Place place_of(const KeptRow& row) { return {row.kept.record.accepted, row.kept.record.id}; }

class NamedWalk : public std::enable_shared_from_this<NamedWalk> {
 public:
  NamedWalk(const Reading& reading, history::ListQuery list, std::optional<Place> after,
            Done<history::Page> done)
      : reading_(reading), list_(std::move(list)), seen_(after), done_(std::move(done)) {}

  void start();

 private:
  void step();
  void read_under_way();
  void take_under_way(std::vector<KeptRow> rows);
  void on_range(Result<Texts> range);
  void take(std::vector<KeptRow> rows, bool last_step);
  void finish();

  const Reading& reading_;
  const history::ListQuery list_;
  std::optional<Place> seen_;  // the last row looked at
  const Done<history::Page> done_;
  std::vector<KeptRow> rows_;
  std::size_t step_ = kStep;
  std::size_t looked_at_ = 0;
  bool more_ = false;
};

void NamedWalk::start() {
  const bool under_way = list_.state == CallState::kDequeued ||
                         list_.state == CallState::kRunning || list_.state == CallState::kStopping;
  if (under_way) return read_under_way();
  step();
}

// Of few calls, most often, among many that wait or have ended.
void NamedWalk::read_under_way() {
  const FunctionKeys keys(reading_.prefix, list_.function);
  Command command("HKEYS");
  command.arg(keys.history()[FunctionKeys::kUnderWay]);
  ask(reading_, command, [self = shared_from_this()](const Result<Texts>& told) {
    if (!told) return self->done_(told.error());
    std::vector<CallId> ids;
    for (const auto& id : *told) {
      if (id && id->size() == 16) ids.push_back(get_call_id(*id));
    }
    if (ids.empty()) return self->finish();
    if (ids.size() > kUnderWayMax) return self->step();
    read_rows(self->reading_, self->list_.function, ids, [self](Result<std::vector<KeptRow>> rows) {
      if (!rows) return self->done_(rows.error());
      self->take_under_way(*std::move(rows));
    });
  });
}

void NamedWalk::take_under_way(std::vector<KeptRow> rows) {
  if (seen_) {
    std::erase_if(rows, [this](const KeptRow& row) {
      return !comes_after(place_of(row), *seen_, list_.order);
    });
  }
  std::sort(rows.begin(), rows.end(), [this](const KeptRow& a, const KeptRow& b) {
    return comes_after(place_of(b), place_of(a), list_.order);
  });
  take(std::move(rows), true);
  finish();
}

void NamedWalk::step() {
  const bool failed = list_.state == CallState::kFailed || list_.state == CallState::kExpired;
  const FunctionKeys keys(reading_.prefix, list_.function);
  const auto kind = failed ? FunctionKeys::kFailed : FunctionKeys::kNamed;
  ask(reading_, range_from(keys.history()[kind], seen_, list_.order, step_),
      [self = shared_from_this()](Result<Texts> range) { self->on_range(std::move(range)); });
}

void NamedWalk::on_range(Result<Texts> range) {
  if (!range) return done_(range.error());
  std::vector<Place> places = places_in(*range);
  const bool last = range->size() < 2 * step_;
  drop_up_to(seen_, list_.order, places);
  if (places.empty() && !last) {  // a whole step of one moment, all seen
    step_ *= 2;
    return step();
  }
  if (places.empty()) return finish();
  std::vector<CallId> ids;
  for (const Place& place : places) ids.push_back(place.id);
  read_rows(
      reading_, list_.function, ids,
      [self = shared_from_this(), last, end = places.back()](Result<std::vector<KeptRow>> rows) {
        if (!rows) return self->done_(rows.error());
        self->take(*std::move(rows), last);
        if (last || self->more_) return self->finish();
        self->seen_ = end;
        self->step();
      });
}

// Until it knows that it is full and that another would follow.
void NamedWalk::take(std::vector<KeptRow> rows, bool last_step) {
  for (KeptRow& row : rows) {
    const history::Held* const held = row.under_way ? &row.under_way->held : nullptr;
    const bool match = history::matches(list_, row.kept.record, held);
    more_ = match && rows_.size() == list_.limit;
    if (more_) return;
    seen_ = place_of(row);
    if (match) rows_.push_back(std::move(row));
    ++looked_at_;
  }
  more_ = looked_at_ >= history::kRowsLookedAtMax && !last_step;
}

void NamedWalk::finish() {
  std::vector<Place> places;
  for (const KeptRow& row : rows_) places.push_back(place_of(row));
  complete(reading_, std::move(rows_), list_.payload,
           [self = shared_from_this(), places](Result<std::vector<history::Record>> records) {
             if (!records) return self->done_(records.error());
             const bool cut = records->size() < places.size();
             history::Page page;
             if (cut) self->seen_ = places[records->size() - 1];
             if (cut || self->more_) {
               page.next_token =
                   history::token_for(*self->seen_, history::fingerprint_of(self->list_));
             }
             page.records = *std::move(records);
             self->done_(std::move(page));
           });
}

}  // namespace

void list_named(const Reading& reading, history::ListQuery list, std::optional<Place> after,
                Done<history::Page> done) {
  std::make_shared<NamedWalk>(reading, std::move(list), after, std::move(done))->start();
}

}  // namespace convoke::redis
