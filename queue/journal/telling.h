// What a journal's records tell the history. Pure.
//
// A record says all that its facts need: they can be told again from the record alone, after a
// crash and wherever the records before it have gone.
#pragma once

#include <vector>

#include "queue/history/facts.h"
#include "queue/journal/format.h"

namespace convoke::journal {

[[nodiscard]] std::vector<history::Fact> facts_of(const AcceptedRecord& record);
[[nodiscard]] std::vector<history::Fact> facts_of(const AttemptRecord& record);
[[nodiscard]] std::vector<history::Fact> facts_of(const FinishedRecord& record);
[[nodiscard]] std::vector<history::Fact> facts_of(const Record& record);

}  // namespace convoke::journal
