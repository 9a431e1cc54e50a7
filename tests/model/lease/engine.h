// What an engine of the exploration does with answers: as the store and its membership do, by the
// same functions (queue/redis/verdict.h, lease.h, held.h).
#pragma once

#include "tests/model/lease/rules.h"
#include "tests/model/lease/state.h"

namespace convoke::lease {

// What it asks is in `asks` afterwards.
void on_answer(const Rules& rules, State& state, Engine& engine, const Sent& sent);
// The connection ended before this was answered.
void on_no_answer(Engine& engine, const Sent& sent);
void on_cut(Engine& engine);  // what was not sent, and is not kept
void on_connected(Engine& engine);
void on_entered(Engine& engine, std::uint64_t incarnation);
void lose(Engine& engine);

void ask(Engine& engine, Verb verb, Words words);  // as what it is now
void ask_to_claim(Engine& engine, std::size_t max);
enum class End : char { kSettle = 's', kPostpone = 'p', kReturn = 'r' };
void ask_to_end(Engine& engine, redis::Held& held, End how);

}  // namespace convoke::lease
