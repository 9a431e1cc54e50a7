// The NAME that commands take: FUNCTION (in the service `default`) or SERVICE/FUNCTION.
#pragma once

#include <string>
#include <string_view>

#include "tools/outcome.h"

namespace convoke::cli {

inline constexpr std::string_view kDefaultService = "default";

struct FunctionName {
  std::string service;  // may carry a qualifier, `SERVICE.LATEST`: the engine judges it
  std::string function;

  // Checks the characters alone, since they decide what URL comes of it; the rest is the engine's.
  [[nodiscard]] static Outcome<FunctionName> parse(std::string_view text);

  [[nodiscard]] std::string text() const;           // as short as the user may type it
  [[nodiscard]] std::string service_path() const;   // /2016-08-15/services/S
  [[nodiscard]] std::string function_path() const;  // .../functions/F
};

}  // namespace convoke::cli
