// The history in SQLite, asked as any other: each question runs on the history's thread, after all
// that was told before it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "queue/history/archive.h"
#include "queue/history/history.h"

namespace convoke::history {

class HistoryArchive final : public Archive {
 public:
  using Question = std::function<void(History&)>;
  // Runs the question where the history lives, then `answered` on the shard's thread.
  using Ask = std::function<void(Question question, std::function<void()> answered)>;

  explicit HistoryArchive(Ask ask) : ask_(std::move(ask)) {}

  void get(FunctionId function, std::string name, Payload payload,
           Answer<std::optional<Record>> answer) override;
  void get(const CallId& id, Payload payload, Answer<std::optional<Record>> answer) override;
  void list(ListQuery query, Answer<Page> answer) override;
  void list_failed(FailedQuery query, Answer<Page> answer) override;
  void take_failed(FailedQuery query, Answer<Page> answer) override;
  void put_back(std::vector<CallRef> calls) override;
  void purge(std::vector<CallRef> calls, Answer<std::uint64_t> answer) override;
  void functions_with_history(FunctionId after, std::uint32_t limit,
                              Answer<std::vector<FunctionId>> answer) override;

 private:
  template <class T, class Work>
  void run(Work work, Answer<T> answer);

  Ask ask_;
};

}  // namespace convoke::history
