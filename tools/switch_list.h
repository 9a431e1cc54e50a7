// What is stopped, as `convoke kill --list` and others print it.
#pragma once

#include <simdjson.h>

#include <string>

#include "tools/command.h"

namespace convoke::cli {

// Every switch, and which engines have not confirmed it.
[[nodiscard]] Outcome<ExitCode> list_switches(Session& session);

// Which engines have not confirmed that a switch is on or a tree stopped; nothing when all have.
void print_missing(simdjson::dom::element stopped);

// An invocationRestriction in a line: "stopped since ... by ...: WHY".
[[nodiscard]] std::string restriction_text(simdjson::dom::element restriction);

}  // namespace convoke::cli
