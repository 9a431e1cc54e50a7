// Facts become rows. Inside the caller's transaction, on its thread.
//
// A fact that cannot be meant for what is there changes nothing and is counted: about a call that
// history does not have (its acceptance was lost with an earlier database), or that has ended.
#pragma once

#include <cstdint>
#include <vector>

#include "core/sqlite/sqlite.h"
#include "queue/history/facts.h"
#include "queue/history/token.h"

namespace convoke::history {

// For UnderWay, once the transaction has been committed.
struct Seen {
  FunctionId function;
  Position position;
  const Fact* fact;
};

struct Applied {
  std::vector<Seen> seen;
  std::uint64_t ignored = 0;
  std::uint64_t repeated = 0;  // acceptances of a call that is known: a journal copied it forward
  std::uint64_t replaced = 0;  // records whose name another call was accepted under: the journals
                               // know best which one holds it, and the older record goes
};

[[nodiscard]] sqlite::Failure apply(sqlite::Database& database, const std::vector<Fact>& facts,
                                    Applied& applied);

}  // namespace convoke::history
