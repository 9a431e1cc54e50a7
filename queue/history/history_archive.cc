#include "queue/history/history_archive.h"

#include <memory>
#include <optional>
#include <utility>

namespace convoke::history {
namespace {

std::vector<CallId> ids_of(const std::vector<CallRef>& calls) {
  std::vector<CallId> ids;
  ids.reserve(calls.size());
  for (const CallRef& call : calls) ids.push_back(call.id);
  return ids;
}

}  // namespace

template <class T, class Work>
void HistoryArchive::run(Work work, Answer<T> answer) {
  const auto result = std::make_shared<std::optional<Result<T>>>();
  ask_([result, work = std::move(work)](History& history) { result->emplace(work(history)); },
       [result, answer = std::move(answer)] { answer(std::move(**result)); });
}

void HistoryArchive::get(FunctionId function, std::string name, Payload payload,
                         Answer<std::optional<Record>> answer) {
  run<std::optional<Record>>([function, name = std::move(name), payload](
                                 History& history) { return history.get(function, name, payload); },
                             std::move(answer));
}

void HistoryArchive::get(const CallId& id, Payload payload, Answer<std::optional<Record>> answer) {
  run<std::optional<Record>>([id, payload](History& history) { return history.get(id, payload); },
                             std::move(answer));
}

void HistoryArchive::list(ListQuery query, Answer<Page> answer) {
  run<Page>([query = std::move(query)](History& history) { return history.list(query); },
            std::move(answer));
}

void HistoryArchive::list_failed(FailedQuery query, Answer<Page> answer) {
  run<Page>([query = std::move(query)](History& history) { return history.list_failed(query); },
            std::move(answer));
}

void HistoryArchive::take_failed(FailedQuery query, Answer<Page> answer) {
  run<Page>([query = std::move(query)](History& history) { return history.take_failed(query); },
            std::move(answer));
}

void HistoryArchive::put_back(std::vector<CallRef> calls) {
  ask_([ids = ids_of(calls)](History& history) { history.put_back(ids); }, [] {});
}

void HistoryArchive::purge(std::vector<CallRef> calls, Answer<std::uint64_t> answer) {
  run<std::uint64_t>([ids = ids_of(calls)](History& history) { return history.purge(ids); },
                     std::move(answer));
}

void HistoryArchive::functions_with_history(FunctionId after, std::uint32_t limit,
                                            Answer<std::vector<FunctionId>> answer) {
  run<std::vector<FunctionId>>(
      [after, limit](History& history) { return history.functions_with_history(after, limit); },
      std::move(answer));
}

}  // namespace convoke::history
