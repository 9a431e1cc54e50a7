// Calls as the engine tells of them (core/api/task_answers.h), shown to people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/exit_code.h"
#include "tools/json.h"

namespace convoke::cli {

// 2026-01-31T12:00:00.250Z; "-" for 0, which stands for "not yet".
[[nodiscard]] std::string time_text(std::int64_t ms_since_epoch);

// What a call's status means to a script: kOk for Succeeded, kFunctionError for any other end,
// kUnfinished while it has not ended.
[[nodiscard]] ExitCode exit_code_of(const std::string& status);

// One call, with its history, and its event and result where the engine sent them.
void print_call(simdjson::dom::element call);
// Its state and what holds it, in a line or two.
void print_why(simdjson::dom::element call);

// Calls as lines of a table; nothing for none.
class CallTable {
 public:
  enum class Of {
    kFunction,  // one function's: known by their names
    kAll,       // any function's: known by their request ids
  };

  explicit CallTable(Of of) : of_(of) {}
  void add(simdjson::dom::element call);
  void print() const;
  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  struct Row {
    std::string id;
    std::string function;
    std::string status;
    std::string time;
    std::int64_t retries = 0;
    std::string error;
  };

  Of of_;
  std::vector<Row> rows_;
};

}  // namespace convoke::cli
