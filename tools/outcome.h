// What a step of a command came to: a value, or the reason why the command ends here.
//
// core/model/error.h is the engine's: its codes are a closed list. A Failure holds what any engine
// said, word for word, and the exit code it means.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "tools/exit_code.h"

namespace convoke::cli {

struct Failure {
  ExitCode exit = ExitCode::kUsage;
  std::string message;    // one sentence; says what to do where that is known
  std::string code = {};  // the engine's ErrorCode, where it gave one
  std::string request_id = {};
};

[[nodiscard]] inline Failure usage_failure(std::string message) {
  return Failure{ExitCode::kUsage, std::move(message), {}, {}};
}

template <class T>
class [[nodiscard]] Outcome {
 public:
  // Implicit on purpose: `return value;` and `return failure;` are both how one is made.
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}            // NOLINT
  Outcome(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT

  explicit operator bool() const { return state_.index() == 0; }
  [[nodiscard]] T& operator*() { return *std::get_if<0>(&state_); }
  [[nodiscard]] T* operator->() { return std::get_if<0>(&state_); }
  [[nodiscard]] const Failure& failure() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Failure> state_;
};

struct Done {};  // Outcome<Done>: a step that has nothing to hand on

}  // namespace convoke::cli
