// How scripts are called at random.
#include <iterator>

#include "queue/redis/record.h"
#include "queue/redis/scripts.h"
#include "tests/redis_stand_in/random_commands.h"

namespace convoke::stand_in {

Words RandomCommands::script_call() {
  function_ = 1 + static_cast<int>(rng_.below(kFunctions));
  const redis::Scripts& all = redis::scripts();
  const redis::Script* const scripts[] = {
      &all.accept,    &all.accept,    &all.claim,     &all.claim,   &all.claim,     &all.finish,
      &all.finish,    &all.join,      &all.retire,    &all.seek,    &all.heartbeat, &all.conclude,
      &all.conclude,  &all.conclude,  &all.note,      &all.collect, &all.purge,     &all.take,
      &all.stand,     &all.condemn,   &all.seek,      &all.seek,    &all.accept,    &all.claim,
      &all.put_piece, &all.put_piece, &all.put_piece, &all.enter,   &all.enlist};
  const redis::Script& script = *scripts[rng_.below(std::size(scripts))];
  if (&script == &all.heartbeat) {
    return {"EVALSHA",
            script.sha1(),
            "1",
            shared_key("engines"),
            incarnation(),
            below(2),
            one_of({"0", "1000000000", "0", "1000000000", "x"})};
  }
  if (&script == &all.put_piece) {
    if (uploaded_ == 0 || rng_.one_in(3)) uploaded_ = ++calls_;
    return {"EVALSHA",
            script.sha1(),
            "1",
            rarely() ? key('c') : event_key(),
            below(2),
            "four",
            rarely() ? one_of({"0", "x", "-1"}) : "1000000"};
  }
  if (&script == &all.enter) return {"EVALSHA", script.sha1(), "1", kStringKey, below(9)};
  if (&script == &all.enlist)
    return {"EVALSHA", script.sha1(), "1", shared_key("functions"), below(9)};
  if (&script == &all.condemn) {
    return {"EVALSHA",     script.sha1(),
            "1",           shared_key("engines"),
            incarnation(), one_of({"0", "1000000000", "0", "x"})};
  }
  Words words = {"EVALSHA", rng_.one_in(200) ? "abc" : script.sha1(), "15", stream_key(true)};
  if (rarely()) words = {"EVAL", std::string(script.text()), "15", stream_key(true)};
  for (const char kind : {'d', 'c', 'l', 'n'}) words.push_back(key(kind));
  for (const char* const kind : kHistoryKinds) words.push_back(history_key(kind));
  add_script_arguments(script.sha1(), words);
  if (words[1] != "abc" && rarely() && rarely()) words[2] = one_of({"x", "-1", "1000"});
  return words;
}

std::string RandomCommands::attempt() {
  AttemptReport report;
  if (!rng_.one_in(3)) report.dequeued = wall_from_ms(static_cast<std::int64_t>(rng_.below(50)));
  if (!rng_.one_in(3)) report.started = wall_from_ms(static_cast<std::int64_t>(rng_.below(50)));
  report.error = one_of({"", "error"});
  const auto became = static_cast<CallState>(3 + rng_.below(7));
  return redis::encode_attempt(became, wall_from_ms(static_cast<std::int64_t>(rng_.below(60))),
                               report);
}

void RandomCommands::add_script_arguments(std::string_view script, Words& words) {
  const redis::Scripts& all = redis::scripts();
  const auto add = [&](const Words& more) { words.insert(words.end(), more.begin(), more.end()); };
  const std::size_t times = 1 + rng_.below(4);
  if (script == all.accept.sha1()) {
    add({rng_.one_in(4) ? below(20) : "1000"});
    for (std::size_t i = 0; i < times; ++i) {
      const bool fires = rng_.one_in(4);
      add({rng_.one_in(2) ? "0" : score(), fires ? below(3) + " " + below(90) : below(2), call()});
    }
  } else if (script == all.claim.sha1()) {
    add({incarnation(), rng_.one_in(6) ? "0" : many(), score()});
    for (std::size_t i = rng_.below(3); i > 0; --i) add({id()});
  } else if (script == all.finish.sha1()) {
    add({incarnation()});
    for (std::size_t i = 0; i < times; ++i) {
      const bool named = rng_.one_in(4);
      add({one_of({"s", "s", "p", "r"}), id(), named ? follower() : head().substr(0, 39), score()});
    }
  } else if (script == all.seek.sha1()) {
    const bool whole = rng_.one_in(2);
    const Words in_stream = {"q", whole ? "-" : bound(), whole ? "1000" : many()};
    add({call_id()});
    add(rng_.one_in(3) ? Words{"d", "0", "1000"} : in_stream);
    if (rng_.one_in(2)) {
      add({"find", below(5)});
    } else {
      add({"stop", attempt()});
    }
  } else if (script == all.conclude.sha1()) {
    add({incarnation()});
    for (std::size_t i = 0; i < times; ++i) {
      const char* const what = one_of({"s", "s", "p", "r", "d"});
      const std::string text = *what == 'd' ? call_id() : head().substr(0, 39);
      add({what, id(), text, score(), attempt(), one_of({"", "Pending", "Pending", "Succeeded"}),
           one_of({"", "answer", "x"})});
    }
  } else if (script == all.note.sha1()) {
    add({incarnation()});
    for (std::size_t i = 0; i < times; ++i) add({call_id(), one_of({"", "note", "another"})});
  } else if (script == all.collect.sha1()) {
    add({below(60), below(4), below(200), below(4)});
  } else if (script == all.take.sha1()) {
    add({below(60), below(60)});
    for (std::size_t i = 0; i < times; ++i) add({call_id()});
  } else if (script == all.purge.sha1()) {
    for (std::size_t i = 0; i < times; ++i) add({call_id()});
  } else {
    add({incarnation()});
  }
}

}  // namespace convoke::stand_in
