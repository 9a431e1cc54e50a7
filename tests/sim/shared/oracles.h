// The oracles of several engines on one server. Each has a file of its own in oracles/; I7, I8
// and I11 are those of an engine alone (tests/sim/oracles.h).
#pragma once

#include "tests/sim/oracles.h"
#include "tests/sim/shared/attempts.h"
#include "tests/sim/shared/books.h"

namespace convoke::sim::shared {

// What oracles judge by, beside what they are told.
struct Evidence {
  Court& court;
  const Attempts& attempts;
  const Books& books;
  const WallTime& highest_wall;  // that any engine has seen
  const LineageSeal& seal;
};

// I1 what was acknowledged lies on the server until it has ended; what has ended does not.
[[nodiscard]] std::unique_ptr<Observer> accepted_lies_there(const Evidence& evidence);
// I2 every call that was taken ends exactly once, as it really went, and is said to have ended when
// it has.
[[nodiscard]] std::unique_ptr<Observer> ends_once(const Evidence& evidence);
// I3 an attempt is ended by the incarnation that holds it alone; epochs grow.
[[nodiscard]] std::unique_ptr<Observer> only_its_holder_ends_it(const Evidence& evidence);
// I4 accepted = waiting + settled, and claimed is what is held; at the end nothing is.
[[nodiscard]] std::unique_ptr<Observer> the_counts_are_true(const Evidence& evidence);
// I5 who begins a call holds it at that moment; none begins after its stop was answered.
[[nodiscard]] std::unique_ptr<Observer> begins_what_it_holds(const Evidence& evidence);
// Q2 a call runs again only where an engine died or lost its lease, and says so.
[[nodiscard]] std::unique_ptr<Observer> repeats_are_explained(const Evidence& evidence);
// Q5 no call begins before it is due, by the wall clock of any engine.
[[nodiscard]] std::unique_ptr<Observer> begins_when_due(const Evidence& evidence);

[[nodiscard]] Oracles all_oracles(const Evidence& evidence);

}  // namespace convoke::sim::shared
