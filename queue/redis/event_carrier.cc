#include "queue/redis/event_carrier.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "queue/redis/scripts.h"

namespace convoke::redis {

namespace {

Error not_taken(const Answer& answer) {
  return {ErrorCode::kServiceUnavailable,
          answer.fate == Fate::kReplied
              ? "the queue's server refuses the event: " + std::string(answer.reply.text())
              : "the queue's server could not be reached for the whole of the event",
          Seconds{1}};
}

}  // namespace

// ---- to the server ----

struct EventCarrier::Upload {
  std::string key;
  std::string event;
  std::size_t piece_bytes;
  Uploaded uploaded;
  std::size_t sent = 0;  // bytes
  std::size_t pieces = 0;
  std::size_t under_way = 0;
  std::optional<Error> failed = std::nullopt;
};

void EventCarrier::upload(std::string key, std::string event, std::size_t piece_bytes,
                          Uploaded uploaded) {
  waiting_.push_back(std::make_shared<Upload>(
      Upload{std::move(key), std::move(event), piece_bytes, std::move(uploaded)}));
  begin_next();
}

void EventCarrier::begin_next() {
  while (active_ < kUploadsAtOnce && !waiting_.empty()) {
    const std::shared_ptr<Upload> next = std::move(waiting_.front());
    waiting_.pop_front();
    ++active_;
    send_pieces(next);
  }
}

void EventCarrier::send_pieces(const std::shared_ptr<Upload>& upload) {
  const std::string_view event = upload->event;
  while (upload->under_way < kPiecesUnderWay && upload->sent < event.size() && !upload->failed) {
    const std::string_view piece = event.substr(upload->sent, upload->piece_bytes);
    Command command = scripts().put_piece.call(1);
    command.arg(upload->key).arg(upload->pieces++).arg(piece);
    command.arg(std::chrono::duration_cast<Millis>(kUnownedMax).count());
    upload->sent += piece.size();
    ++upload->under_way;
    send_call(connection_, scripts().put_piece, std::move(command),
              [this, upload](const Answer& answer) { on_piece(upload, answer); });
  }
}

void EventCarrier::on_piece(const std::shared_ptr<Upload>& upload, const Answer& answer) {
  --upload->under_way;
  if (!answer.ok() && !upload->failed) {
    upload->failed = not_taken(answer);
  }
  send_pieces(upload);
  if (upload->under_way > 0) return;
  --active_;
  upload->uploaded(upload->failed ? Result<void>(*upload->failed) : Result<void>{});
  begin_next();
}

// ---- and back ----

namespace {

class Fetching : public std::enable_shared_from_this<Fetching> {
 public:
  Fetching(Pipeline& connection, std::string key, const ApartEvent& event,
           std::function<void(Fetched, std::string)> done)
      : connection_(connection), key_(std::move(key)), event_(event), done_(std::move(done)) {}

  void ask() {
    while (under_way_ < kPiecesUnderWay && asked_ < event_.pieces() && !failed_) {
      ++under_way_;
      connection_.send(Command("HGET").arg(key_).arg(asked_),
                       [self = shared_from_this(), piece = asked_](const Answer& answer) {
                         self->on_piece(piece, answer);
                       });
      ++asked_;
    }
  }

 private:
  void on_piece(std::size_t piece, const Answer& answer) {
    --under_way_;
    take(piece, answer);
    ask();
    if (under_way_ > 0) return;
    done_(failed_.value_or(Fetched::kWhole), failed_ ? std::string() : std::move(bytes_));
  }
  // A cluster may answer them in another order.
  void take(std::size_t piece, const Answer& answer) {
    if (failed_) return;
    if (answer.reply.is_error("WRONGTYPE")) {
      failed_ = Fetched::kMissing;
    } else if (!answer.ok()) {
      failed_ = Fetched::kNoAnswer;
    } else if (answer.reply.is_nil()) {
      failed_ = Fetched::kMissing;
    } else {
      put(piece * event_.piece_bytes, answer.reply.text());
    }
  }

  void put(std::size_t at, std::string_view bytes) {
    const std::size_t expected = std::min<std::size_t>(event_.piece_bytes, event_.bytes - at);
    if (bytes.size() != expected) {
      failed_ = Fetched::kMissing;
      return;
    }
    bytes_.resize(event_.bytes);
    bytes_.replace(at, expected, bytes);
  }

  Pipeline& connection_;
  const std::string key_;
  const ApartEvent event_;
  const std::function<void(Fetched, std::string)> done_;
  std::string bytes_;
  std::size_t asked_ = 0;
  std::size_t under_way_ = 0;
  std::optional<Fetched> failed_;
};

}  // namespace

void fetch_event(Pipeline& connection, std::string key, const ApartEvent& event,
                 std::function<void(Fetched, std::string)> done) {
  std::make_shared<Fetching>(connection, std::move(key), event, std::move(done))->ask();
}

}  // namespace convoke::redis
