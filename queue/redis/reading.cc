#include "queue/redis/reading.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/model/delivery_line.h"
#include "queue/redis/bytes.h"

namespace convoke::redis {
namespace {

Result<Texts> texts_of(const Answer& answer) {
  if (answer.fate != Fate::kReplied) {
    return Error{ErrorCode::kServiceUnavailable, "the history's server cannot be reached",
                 Seconds{1}};
  }
  if (answer.reply.is_error()) {
    return Error{ErrorCode::kServiceUnavailable,
                 "the history's server refuses: " + std::string(answer.reply.text()), Seconds{1}};
  }
  const auto text = [](const Reply& reply) {
    if (reply.is_nil()) return std::optional<std::string>{};
    if (reply.kind() == Reply::Kind::kInteger) {
      return std::optional(std::to_string(*reply.integer()));
    }
    return std::optional(std::string(reply.text()));
  };
  Texts texts;
  if (!answer.reply.is_array()) texts.push_back(text(answer.reply));
  for (std::size_t i = 0; i < answer.reply.size(); ++i) texts.push_back(text(answer.reply[i]));
  return texts;
}

struct Asked {
  std::vector<Texts> answers;
  std::optional<Error> error;
  std::size_t left = 0;
};

// One whose lease is over says nothing: what it held waits again.
std::optional<UnderWayNote> valid_note(const std::optional<std::string>& bytes,
                                       const Texts& leases) {
  auto note = bytes ? parse_note(*bytes) : std::nullopt;
  if (!note) return std::nullopt;
  const std::string incarnation = std::to_string(note->incarnation);
  for (std::size_t i = 0; i + 1 < leases.size(); i += 2) {
    if (leases[i] == incarnation && leases[i + 1] == "1") return note;
  }
  return std::nullopt;
}

std::vector<KeptRow> rows_of(FunctionId function, const std::vector<CallId>& ids,
                             const std::vector<Texts>& told) {
  std::vector<KeptRow> rows;
  const Texts& records = told[0];
  const Texts& notes = told[1];
  for (std::size_t i = 0; i < std::min(ids.size(), records.size()); ++i) {
    auto kept = records[i] ? parse_record(function, ids[i], *records[i]) : std::nullopt;
    if (!kept) continue;
    KeptRow row{*std::move(kept), std::nullopt};
    const bool unsettled = !has_ended(row.kept.record.state);
    if (unsettled && i < notes.size()) row.under_way = valid_note(notes[i], told[2]);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

void ask(const Reading& reading, const Command& command, Done<Texts> done) {
  reading.connection.send(
      command, [done = std::move(done)](const Answer& answer) { done(texts_of(answer)); });
}

void ask_all(const Reading& reading, const std::vector<Command>& commands,
             Done<std::vector<Texts>> done) {
  const auto asked = std::make_shared<Asked>();
  asked->answers.resize(commands.size());
  asked->left = commands.size();
  for (std::size_t i = 0; i < commands.size(); ++i) {
    ask(reading, commands[i], [asked, i, done](Result<Texts> texts) {
      if (texts) {
        asked->answers[i] = *std::move(texts);
      } else if (!asked->error) {
        asked->error = std::move(texts).error();
      }
      if (--asked->left > 0) return;
      if (asked->error) return done(*asked->error);
      done(std::move(asked->answers));
    });
  }
}

void read_functions(const Reading& reading, Done<std::vector<FunctionId>> done) {
  Command command("SMEMBERS");
  command.arg(SharedKeys(reading.prefix).functions);
  ask(reading, command, [done = std::move(done)](Result<Texts> texts) {
    if (!texts) return done(texts.error());
    std::vector<FunctionId> functions;
    for (const auto& text : *texts) {
      const auto function = text ? parse_function(*text) : std::nullopt;
      if (function && !is_delivery_line(*function)) functions.push_back(*function);
    }
    std::sort(functions.begin(), functions.end());
    done(std::move(functions));
  });
}

void read_rows(const Reading& reading, FunctionId function, const std::vector<CallId>& ids,
               Done<std::vector<KeptRow>> done) {
  const FunctionKeys keys(reading.prefix, function);
  Command records("HMGET");
  Command notes("HMGET");
  Command leases("HGETALL");
  records.arg(keys.history()[FunctionKeys::kRecords]);
  notes.arg(keys.history()[FunctionKeys::kUnderWay]);
  leases.arg(keys.leases());
  for (const CallId& id : ids) {
    records.arg(bytes_of(id));
    notes.arg(bytes_of(id));
  }
  ask_all(reading, {records, notes, leases},
          [function, ids, done = std::move(done)](Result<std::vector<Texts>> told) {
            if (!told) return done(told.error());
            done(rows_of(function, ids, *told));
          });
}

}  // namespace convoke::redis
