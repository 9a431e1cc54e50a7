// Where named calls stand that this incarnation has claimed, for those who look.
#include <utility>

#include "queue/redis/bytes.h"
#include "queue/redis/record.h"
#include "queue/redis/scripts.h"
#include "queue/redis/store.h"

namespace convoke::redis {

void RedisStore::note_started(const Receipt& receipt, WallTime at, const std::string& instance_id) {
  Held* const held = held_.current(receipt);
  if (held == nullptr || !has_history(held->name)) return;
  held->started = at;
  held->instance_id = instance_id;
  note(*held);
}

void RedisStore::note_stopping(const CallId& id) {
  Held* const held = held_.find(id);
  if (held == nullptr || !has_history(held->name)) return;
  held->stopping = clock_.wall();
  note(*held);
}

void RedisStore::note(const Held& held) {
  UnderWayNote note;
  note.incarnation = membership_.incarnation();
  note.place = held.place;
  note.held.dequeued = held.dequeued;
  note.held.started = held.started;
  note.held.stopping = held.stopping;
  note.held.instance_id = held.instance_id;
  Line& line = line_of(held.function);
  line.noting.push_back({held.head.id, encode_note(note)});
  asks(line);
}

// One that is lost is not sent again.
void RedisStore::submit_notes(Line& line) {
  if (line.noting.empty()) return;
  Command command = call_with_history(scripts().note, line.keys);
  command.arg(membership_.incarnation());
  for (const Noting& noting : std::exchange(line.noting, {})) {
    command.arg(bytes_of(noting.id)).arg(noting.note);
  }
  send(scripts().note, std::move(command), [](const Answer&) {});
}

}  // namespace convoke::redis
