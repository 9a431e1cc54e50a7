// What became of accepted calls: stateful invocations (get, list, stop), and what ended in failure
// (list, run again, purge).
//
// Threads: one shard's. Nothing here is kept between a request and its answer but `done` itself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/api/router.h"
#include "core/http/message.h"
#include "core/http/url.h"
#include "core/model/error.h"
#include "core/observe/explanation.h"
#include "core/registry/directory.h"
#include "queue/history/archive.h"
#include "queue/queue.h"

namespace convoke {

// What they need of the engine.
class TaskHost {
 public:
  virtual ~TaskHost() = default;
  [[nodiscard]] virtual const Directory& directory() const = 0;
  [[nodiscard]] virtual history::Archive& archive() = 0;
  // Ends a call wherever it stands; as Pump::stop.
  virtual void stop_anywhere(FunctionId function, const CallId& id, Queue::Stopped stopped) = 0;
  // Where a call without a name stands that has not ended; nullopt: on no shard.
  using Found = std::function<void(std::optional<CallPosition>)>;
  virtual void find_anywhere(const CallId& id, Found found) = 0;
  // As ShardStore::find_place, on whichever shard it is.
  virtual void find_place(FunctionId function, const CallId& id, Found found) = 0;
  // What holds the function's calls, but for how the one in question stands.
  using Explained = std::function<void(Circumstances)>;
  virtual void explain_function(FunctionId function, Explained explained) = 0;
  // A new call with that event, made of one that failed. Durable when answered.
  virtual void accept_again(const history::Record& record, Queue::Accepted accepted) = 0;
};

class Tasks {
 public:
  explicit Tasks(TaskHost& host) : host_(host) {}

  // `done` runs exactly once; the response has its X-Fc-Request-Id.
  using Done = std::function<void(http::Response)>;
  void handle(const Route& route, http::Request request, std::string request_id, Done done);

 private:
  void find(const Route& route, history::Payload payload,
            std::function<void(Result<history::Record>)> found);
  void get(const Route& route, const Query& query, std::string request_id, Done done);
  void list(const Route& route, const Query& query, std::string request_id, Done done);
  void list_functions(const Query& query, std::string request_id, Done done);
  void stop(const Route& route, std::string request_id, Done done);
  void get_call(const Route& route, const Query& query, std::string request_id, Done done);
  using Ahead = std::optional<std::uint64_t>;  // as CallPosition's
  void answer(const history::Record& record, history::Payload payload, const Done& done,
              const Ahead& ahead = std::nullopt);
  void answer_with_place(const history::Record& record, history::Payload payload, const Done& done);
  void get_live_call(const CallId& id, std::string request_id, Done done);
  // Failed ones (failed_calls.cc).
  void list_failed(const Query& query, std::string request_id, Done done);
  void redrive(http::Request request, std::string request_id, Done done);
  void accept_all_again(history::Page page, std::string request_id, Done done);
  void purge(history::Page page, std::string request_id, Done done);
  void purge(http::Request request, std::string request_id, Done done);

  TaskHost& host_;
};

}  // namespace convoke
