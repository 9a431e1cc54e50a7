// Commands drawn at random from few keys, names and ids, now and then wrong in kind or shape.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "core/edge/rng.h"
#include "tests/redis_stand_in/arguments.h"

namespace convoke::stand_in {

inline constexpr int kFunctions = 2;
// As scripts take the keys of the history.
inline constexpr const char* kHistoryKinds[] = {"h",  "ha", "he", "hr", "hn",
                                                "hf", "ho", "hw", "hd", "ht"};
// Always there: so it is a key of the wrong kind for nearly all.
inline constexpr const char* kStringKey = "t:incarnation";

inline constexpr const char* kRows[] = {"t:services", "t:functions-rows", "t:limits"};

// A stream id that a server has made, by its place in the order in which they were seen: "@7",
// "(@7". Each side puts its own in its place (sides.h).
[[nodiscard]] bool is_reference(std::string_view word);

// The function whose keys a command has, from 0 on: ids are told apart by it.
[[nodiscard]] std::size_t function_of(const Words& words);
// A stream may begin anew behind it.
[[nodiscard]] bool may_end_a_stream(const Words& words);

class RandomCommands {
 public:
  explicit RandomCommands(Rng rng) : rng_(rng) {}

  // `ids`: how many of the function's ids have been seen.
  [[nodiscard]] Words next(std::size_t ids);
  // A transaction has begun and must be ended by those that come next.
  [[nodiscard]] bool within_transaction() const { return !planned_.empty(); }
  // What shows all that lies there.
  [[nodiscard]] static std::vector<Words> probes();

 private:
  [[nodiscard]] bool rarely() { return rng_.one_in(40); }
  [[nodiscard]] std::string below(std::uint64_t bound) { return std::to_string(rng_.below(bound)); }
  template <std::size_t N>
  [[nodiscard]] const char* one_of(const char* const (&choices)[N]) {
    return choices[rng_.below(N)];
  }

  [[nodiscard]] std::string key(char kind);
  [[nodiscard]] std::string stream_key(bool may_be_made);
  [[nodiscard]] std::string shared_key(const char* name);
  [[nodiscard]] std::string incarnation();
  [[nodiscard]] std::string name();
  [[nodiscard]] std::string follower();
  [[nodiscard]] std::string id();
  [[nodiscard]] std::string bound();
  [[nodiscard]] std::string score();
  [[nodiscard]] std::string many();
  [[nodiscard]] std::string call();
  [[nodiscard]] std::string call_with_event_apart();
  [[nodiscard]] std::string event_key();
  [[nodiscard]] std::string call_id();
  [[nodiscard]] std::string attempt();
  [[nodiscard]] std::string history_key(const char* kind) const;
  [[nodiscard]] std::string head();
  [[nodiscard]] std::string head_of(std::uint64_t number);

  void plan_transaction();
  void plan_claim();
  [[nodiscard]] Words next_planned();
  [[nodiscard]] Words script_call();
  // Of the registry, the parts of limits, and what roots are charged.
  [[nodiscard]] Words registry_call();
  [[nodiscard]] Words beat();
  [[nodiscard]] Words commit();
  [[nodiscard]] Words share();
  [[nodiscard]] Words charge();
  void add_script_arguments(std::string_view script, Words& words);
  [[nodiscard]] Words string_or_set_command();
  [[nodiscard]] Words hash_command();
  [[nodiscard]] Words sorted_set_command();
  [[nodiscard]] Words stream_command();
  [[nodiscard]] Words group_command();

  Rng rng_;
  std::deque<Words> planned_;
  int function_ = 1;
  std::size_t ids_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t version_ = 0;   // of the registry, if all went well
  std::uint64_t uploaded_ = 0;  // of those, the last one with pieces
};

}  // namespace convoke::stand_in
