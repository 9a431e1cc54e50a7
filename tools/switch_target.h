// What `convoke kill` and `convoke resume` are for: a function, a service, or everything.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "tools/outcome.h"

namespace convoke::cli {

class SwitchTarget {
 public:
  void define(CLI::App& app);

  // Exactly one of NAME, --service and --all; what is wrong with them else.
  [[nodiscard]] Outcome<Done> check() const;

  // After check().
  [[nodiscard]] std::string path(std::string_view verb) const;  // POST there: enable or disable
  [[nodiscard]] std::string function_path() const;              // "": it is for no one function
  [[nodiscard]] std::string text() const;   // "hello", "service shop", "everything"
  [[nodiscard]] std::string words() const;  // as it was typed: "hello", "--service shop", "--all"

 private:
  std::string name_;
  std::string service_;
  bool all_ = false;
};

// Who asks, for whoever looks later: USER@HOST, as far as they are known.
[[nodiscard]] std::string who_asks();

}  // namespace convoke::cli
