// What a record needs before it is shown: its attempts, its event and its result.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "queue/redis/bytes.h"
#include "queue/redis/entry.h"
#include "queue/redis/event_carrier.h"
#include "queue/redis/reading.h"
#include "queue/redis/scripts.h"

namespace convoke::redis {
namespace {

constexpr int kSeekStep = 500;  // entries of the queue looked at by one command

using Records = std::vector<history::Record>;

Error no_answer() {
  return {ErrorCode::kServiceUnavailable, "the history's server cannot be reached", Seconds{1}};
}

class Completion : public std::enable_shared_from_this<Completion> {
 public:
  Completion(const Reading& reading, std::vector<KeptRow> rows, history::Payload payload,
             Done<Records> done)
      : reading_(reading), rows_(std::move(rows)), payload_(payload), done_(std::move(done)) {}

  void start();

 private:
  [[nodiscard]] history::Record& record() { return rows_[at_].kept.record; }
  [[nodiscard]] const std::string& key(FunctionKeys::HistoryKey kind) {
    return keys_->history()[kind];
  }
  void show(std::size_t i, const Texts& attempts);
  void next_payload();
  void read_ended();
  void read_waiting();
  void seek(const std::string& where, const std::string& from);
  void take_entry(std::string_view entry);
  void take_apart(std::string_view reference);
  void took_payload();
  void finish();

  const Reading& reading_;
  std::vector<KeptRow> rows_;
  const history::Payload payload_;
  const Done<Records> done_;
  std::size_t at_ = 0;  // of the row whose payload is read
  std::size_t bytes_ = 0;
  std::optional<FunctionKeys> keys_;
};

void Completion::start() {
  std::vector<Command> commands;
  for (const KeptRow& row : rows_) {
    const history::Record& record = row.kept.record;
    Command command("HMGET");
    command.arg(FunctionKeys(reading_.prefix, record.function).history()[FunctionKeys::kAttempts]);
    for (const std::string& field : attempt_fields(record.id, row.kept.attempts)) {
      command.arg(field);
    }
    if (command.args() == 2) command.arg("");  // none: no such field is there
    commands.push_back(std::move(command));
  }
  if (commands.empty()) return finish();
  ask_all(reading_, commands, [self = shared_from_this()](Result<std::vector<Texts>> told) {
    if (!told) return self->done_(told.error());
    for (std::size_t i = 0; i < self->rows_.size(); ++i) self->show(i, (*told)[i]);
    if (self->payload_ == history::Payload::kWithout) return self->finish();
    self->next_payload();
  });
}

void Completion::show(std::size_t i, const Texts& attempts) {
  std::vector<history::Attempt> kept;
  for (const auto& bytes : attempts) {
    if (auto attempt = bytes ? parse_attempt(*bytes) : std::nullopt) {
      kept.push_back(*std::move(attempt));
    }
  }
  KeptRow& row = rows_[i];
  history::show_attempts(row.kept.record, kept);
  if (row.under_way) {
    history::show_under_way(row.kept.record, row.kept.events, row.under_way->held);
  }
}

// One after the other: each may be large.
void Completion::next_payload() {
  if (at_ == rows_.size() || bytes_ > history::kPageBytesMax) return finish();
  keys_.emplace(reading_.prefix, record().function);
  if (has_ended(record().state)) return read_ended();
  read_waiting();
}

void Completion::read_ended() {
  Command event("HMGET");
  Command result("HGET");
  const std::string apart = std::string(bytes_of(record().id)) + "+";
  event.arg(key(FunctionKeys::kEvents)).arg(bytes_of(record().id)).arg(apart);
  result.arg(key(FunctionKeys::kResults)).arg(bytes_of(record().id));
  ask_all(reading_, {event, result}, [self = shared_from_this()](Result<std::vector<Texts>> told) {
    if (!told) return self->done_(told.error());
    const auto text = [&told](std::size_t i) {
      return (*told)[i].empty() ? std::string() : (*told)[i][0].value_or("");
    };
    self->record().event = text(0);
    parse_result(text(1), self->record());
    const Texts& events = told->front();
    if (events.size() > 1 && events[1]) return self->take_apart(*events[1]);
    self->took_payload();
  });
}

// Its event is in the queue: where it was claimed, else it is looked for.
void Completion::read_waiting() {
  const auto& note = rows_[at_].under_way;
  if (!note) return seek("q", "-");
  Command command("XRANGE");
  command.arg(keys_->stream()).arg(note->place.text()).arg(note->place.text());
  reading_.connection.send(command, [self = shared_from_this()](const Answer& answer) {
    const Reply entry = answer.reply[0][1][1];
    if (!answer.ok() || entry.is_nil()) return self->seek("q", "-");
    self->take_entry(entry.text());
  });
}

void Completion::seek(const std::string& where, const std::string& from) {
  Command command = call_with_history(scripts().seek, *keys_);
  command.arg(bytes_of(record().id)).arg(where).arg(from).arg(kSeekStep).arg("find");
  command.arg(std::uint64_t{0});  // its place is not asked for

  send_call(reading_.connection, scripts().seek, std::move(command),
            [self = shared_from_this()](const Answer& answer) {
              const Reply& reply = answer.reply;
              const std::string_view what = answer.ok() ? reply[0].text() : "";
              if (what == "on") {
                return self->seek(std::string(reply[1].text()), std::string(reply[2].text()));
              }
              if (what == "there") return self->take_entry(reply[3].text());
              self->read_ended();  // meanwhile, if it was there at all
            });
}

void Completion::take_entry(std::string_view bytes) {
  const auto entry = parse_entry(bytes);
  const bool ours = entry && entry->head.id == record().id;
  if (ours && entry->head.event_apart) return take_apart(entry->event);
  if (ours) record().event = entry->event;
  took_payload();
}

void Completion::take_apart(std::string_view reference) {
  const auto event = parse_apart(reference);
  record().event_lost = !event;
  if (!event) return took_payload();
  fetch_event(reading_.connection, keys_->event(apart_id(record().id)), *event,
              [self = shared_from_this()](Fetched what, std::string bytes) {
                if (what == Fetched::kNoAnswer) return self->done_(no_answer());
                self->record().event_lost = what == Fetched::kMissing;
                self->record().event = std::move(bytes);
                self->took_payload();
              });
}

void Completion::took_payload() {
  bytes_ += record().event.size() + record().result.size();
  ++at_;
  next_payload();
}

void Completion::finish() {
  const std::size_t count = payload_ == history::Payload::kWith ? at_ : rows_.size();
  Records records;
  for (std::size_t i = 0; i < count; ++i) records.push_back(std::move(rows_[i].kept.record));
  done_(std::move(records));
}

}  // namespace

void complete(const Reading& reading, std::vector<KeptRow> rows, history::Payload payload,
              Done<std::vector<history::Record>> done) {
  std::make_shared<Completion>(reading, std::move(rows), payload, std::move(done))->start();
}

}  // namespace convoke::redis
