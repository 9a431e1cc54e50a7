// What may happen next in a state: each step with the state after it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/model/lease/invariants.h"

namespace convoke::lease {

struct Bounds {
  std::size_t engines = 2;
  std::size_t calls = 2;
  std::size_t accepted = 0;  // of them, before anything else
  std::size_t claim_max = 1;
  Budget faults;
  bool counts = true;  // L8 is judged too
};

struct Step {
  const char* what = "";
  const char* how = "";    // the command; "": none
  const char* first = "";  // what it was sent for; "": it goes without saying
  std::uint64_t who = 0;   // the incarnation; 0: none
  bool fault = false;      // it need not happen
  State after;
};

class Steps {
 public:
  Steps(const Rules& rules, const Bounds& bounds)
      : rules_(rules), bounds_(bounds), servers_(rules) {}

  [[nodiscard]] State first();
  [[nodiscard]] std::vector<Step> of(const State& state);
  // Nothing is left to do.
  [[nodiscard]] bool is_final(const State& state);

 private:
  void time(const State& state);
  void late(const State& state);
  void life(const State& state, std::size_t at);
  void link(const State& state, std::size_t at);
  void wire(const State& state, std::size_t at);
  void membership(const State& state, std::size_t at);
  void crash(const State& state, std::size_t at, bool arrives_late);
  void mend(const State& state, std::size_t at);
  void cut(const State& state, std::size_t at, bool arrives_late);
  // By itself (own_steps.cc).
  void with_held(const State& state, std::size_t at, const redis::Held& held);
  void end(const State& state, std::size_t at, std::size_t running);
  void put_back(const State& state, std::size_t at, const redis::Held& held);
  void accept(const State& state, std::size_t at);
  void claim(const State& state, std::size_t at);
  void own(const State& state, std::size_t at);
  void decide(const char* what, State after, std::size_t at, bool fault = false);
  void send_first(State state, std::size_t at, const char* first = "");
  void send(State state, std::size_t at, const Sent& sent, const char* first = "");

  void add(const char* what, State after, std::uint64_t who, bool fault = false,
           const char* how = "", const char* first = "");
  void execute(State& state, Sent& sent);
  void answer(State& state, std::size_t at, const Sent& sent);

  const Rules rules_;
  const Bounds bounds_;
  Servers servers_;
  std::vector<Step> steps_;  // under way
};

}  // namespace convoke::lease
