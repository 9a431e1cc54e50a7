#include "queue/journal/telling.h"

#include <utility>

#include "core/model/firing.h"
#include "queue/delivery_name.h"
#include "queue/history/delivery_status.h"

namespace convoke::journal {
namespace {

using history::Fact;

history::Accepted call_that_failed(const FinishedRecord& record) {
  const EndTold& told = *record.told;
  return {record.id,   told.function, told.qualifier, std::string(),
          *told.event, told.accepted, told.due};
}

}  // namespace

std::vector<Fact> facts_of(const AcceptedRecord& record) {
  std::vector<Fact> facts;
  if (firing_of(record.id)) facts.emplace_back(history::Fired{record.id});
  if (!has_history(record.name)) return facts;
  facts.emplace_back(history::Accepted{record.id, record.function, std::string(record.qualifier),
                                       std::string(record.name), std::string(record.event),
                                       record.accepted, record.due});
  return facts;
}

std::vector<Fact> facts_of(const AttemptRecord& record) {
  if (!record.told) return {};
  return {history::Attempted{record.id, record.told->at, record.due, record.retries,
                             record.told->report}};
}

std::vector<Fact> facts_of(const FinishedRecord& record) {
  if (!record.told) return {};
  const EndTold& told = *record.told;
  if (const auto call = delivered_call(told.name)) {
    return {history::Delivered{*call, record.at,
                               history::delivery_status(record.settlement, told.report)}};
  }
  std::vector<Fact> facts;
  if (!has_history(told.name)) {
    if (!told.event) return facts;
    facts.emplace_back(call_that_failed(record));
  }
  facts.emplace_back(history::Finished{record.id, record.at, record.settlement, told.report,
                                       told.result, told.result_cut, told.destination_status,
                                       told.retries});
  return facts;
}

std::vector<Fact> facts_of(const Record& record) {
  if (const auto accepted = as_accepted(record)) return facts_of(*accepted);
  if (const auto attempt = as_attempt(record)) return facts_of(*attempt);
  if (const auto finished = as_finished(record)) return facts_of(*finished);
  return {};
}

}  // namespace convoke::journal
