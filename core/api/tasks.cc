#include "core/api/tasks.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "core/api/answers.h"
#include "core/api/task_answers.h"
#include "core/api/task_query.h"
#include "core/dispatch/retry.h"
#include "core/http/url.h"
#include "core/registry/resolve.h"
#include "core/registry/shown.h"

namespace convoke {
namespace {

using history::Record;
using Answer = Result<http::Response>;

Error not_found(const Route& route) {
  return {ErrorCode::kCallNotFound, fmt::format("The async invocation for {}:{}:{} does not exist",
                                                route.service, route.function, route.invocation)};
}

bool flag_of(const Query& query, std::string_view name) {
  return get(query, name) == "true" || get(query, name) == "1";
}

Result<void> set_times(const Query& query, history::ListQuery& list) {
  const auto begin = number_of(query, "startedTimeBegin");
  if (!begin) return begin.error();
  const auto end = number_of(query, "startedTimeEnd");
  if (!end) return end.error();
  if (*begin) list.started_begin = wall_from_ms(**begin);
  if (*end) list.started_end = wall_from_ms(**end);
  return {};
}

Result<void> set_state(const Query& query, history::ListQuery& list) {
  const std::string_view status = get(query, "status");
  if (status.empty()) return {};
  list.state = call_state_named(status);
  if (list.state) return {};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("status is set to an invalid value (actual: '{}')", shown(status))};
}

Result<history::ListQuery> list_of(const Query& query, const FunctionPtr& function,
                                   const Route& route) {
  history::ListQuery list;
  list.function = function->id;
  if (!route.qualifier.empty()) list.qualifier = route.qualifier;
  if (auto set = set_times(query, list); !set) return set.error();
  if (auto set = set_order(query, list.order); !set) return set.error();
  if (auto set = set_state(query, list); !set) return set.error();
  if (auto set = set_limit(query, list.limit); !set) return set.error();
  list.name_prefix = get(query, "invocationIdPrefix");
  list.token = get(query, "nextToken");
  if (flag_of(query, "includePayload")) list.payload = history::Payload::kWith;
  return list;
}

ShowPayload shows(history::Payload payload) {
  return payload == history::Payload::kWith ? ShowPayload::kYes : ShowPayload::kNo;
}

// An empty list has no `invocations`: official clients read null and absent alike.
http::Response page_answer(const history::Page& page, const Directory& directory,
                           history::Payload payload) {
  JsonWriter writer;
  writer.object();
  if (!page.records.empty()) {
    writer.key("invocations").array();
    for (const Record& record : page.records) {
      write_record(record, directory, shows(payload), writer);
    }
    writer.end();
  }
  if (!page.next_token.empty()) writer.member("nextToken", page.next_token);
  return json_answer(writer.end().take());
}

http::Response record_answer(const Record& record, const Directory& directory, ShowPayload payload,
                             const std::optional<Explanation>& why = std::nullopt) {
  JsonWriter writer;
  write_record(record, directory, payload, writer, why);
  return json_answer(writer.take());
}

http::Response functions_answer(const std::vector<FunctionId>& ids, std::uint32_t most,
                                const Directory& directory) {
  JsonWriter writer;
  writer.object().key("data").array();
  for (const FunctionId id : ids) {
    const FunctionPtr function = directory.find_function(id);
    if (!function) continue;
    writer.object()
        .member("serviceName", function->spec.service)
        .member("functionName", function->spec.name)
        .end();
  }
  writer.end();
  const bool more = ids.size() == most && most > 0;
  if (more) writer.member("nextToken", std::to_string(ids.back().value));
  return json_answer(writer.end().take());
}

http::Response accepted() {
  http::Response response;
  response.status = 202;
  return response;
}

Answer stop_answer(StopResult result, const Route& route) {
  switch (result) {
    case StopResult::kStopped:
      return accepted();
    case StopResult::kStoreFailed:
      return Error{ErrorCode::kServiceUnavailable,
                   "the stop could not be written down; whether it holds is not known"};
    default:
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("the async invocation '{}' has ended: there is nothing to stop",
                               route.invocation)};
  }
}

using Found = Result<std::optional<Record>>;

}  // namespace

void Tasks::handle(const Route& route, http::Request request, std::string request_id, Done done) {
  const Done answer = [request_id, done = std::move(done)](http::Response response) {
    response.headers.set("X-Fc-Request-Id", request_id);
    done(std::move(response));
  };
  const auto fail = [&](const Error& why) { answer(http::error_response(why, request_id)); };
  const Result<Query> query = parse_query(request.head.query());
  if (!query) return fail(query.error());
  switch (route.operation()) {
    case Operation::kGetStatefulInvocation:
      return get(route, *query, request_id, answer);
    case Operation::kStopStatefulInvocation:
    case Operation::kDeleteStatefulInvocation:
      return stop(route, request_id, answer);
    case Operation::kListStatefulInvocations:
      return list(route, *query, request_id, answer);
    case Operation::kListStatefulFunctions:
      return list_functions(*query, request_id, answer);
    case Operation::kGetCall:
      return get_call(route, *query, request_id, answer);
    case Operation::kListFailed:
      return list_failed(*query, request_id, answer);
    case Operation::kRedriveFailed:
      return redrive(std::move(request), request_id, answer);
    default:
      ENSURE(route.operation() == Operation::kPurgeFailed);
      return purge(std::move(request), request_id, answer);
  }
}

void Tasks::find(const Route& route, history::Payload payload,
                 std::function<void(Result<Record>)> found) {
  const auto function =
      resolve_function(host_.directory(), route.service, route.qualifier, route.function);
  if (!function) return found(function.error());
  host_.archive().get((*function)->id, route.invocation, payload,
                      [route, found = std::move(found)](Found record) {
                        if (!record) return found(record.error());
                        if (!*record) return found(not_found(route));
                        found(std::move(**record));
                      });
}

void Tasks::get(const Route& route, const Query& query, std::string request_id, Done done) {
  const auto payload =
      flag_of(query, "includePayload") ? history::Payload::kWith : history::Payload::kWithout;
  find(route, payload, [this, payload, request_id, done = std::move(done)](Result<Record> record) {
    if (!record) return done(http::error_response(record.error(), request_id));
    answer(*record, payload, done);
  });
}

// Of a call that has not ended: also why not.
void Tasks::answer(const Record& record, history::Payload payload, const Done& done,
                   const Ahead& ahead) {
  if (has_ended(record.state)) {
    return done(record_answer(record, host_.directory(), shows(payload)));
  }
  host_.explain_function(
      record.function, [this, record, payload, done, ahead](Circumstances about) {
        about.state = record.state;
        about.due = record.due;
        about.retries = record.retries;
        if (about.retries > 0) about.backoff_max = backoff_max(about.retries - 1);
        about.ahead = ahead;
        done(record_answer(record, host_.directory(), shows(payload), explain(about)));
      });
}

// For people. Clients that poll a call that they have named do not ask for its place each time.
void Tasks::answer_with_place(const Record& record, history::Payload payload, const Done& done) {
  if (record.state != CallState::kEnqueued && record.state != CallState::kRetrying) {
    return answer(record, payload, done);
  }
  host_.find_place(record.function, record.id,
                   [this, record, payload, done](const std::optional<CallPosition>& found) {
                     answer(record, payload, done, found ? found->ahead : std::nullopt);
                   });
}

void Tasks::stop(const Route& route, std::string request_id, Done done) {
  find(route, history::Payload::kWithout,
       [this, route, request_id, done = std::move(done)](Result<Record> record) {
         if (!record) return done(http::error_response(record.error(), request_id));
         if (has_ended(record->state)) {
           return done(finished(stop_answer(StopResult::kUnknown, route), request_id));
         }
         host_.stop_anywhere(record->function, record->id,
                             [route, request_id, done](StopResult result) {
                               done(finished(stop_answer(result, route), request_id));
                             });
       });
}

void Tasks::list(const Route& route, const Query& query, std::string request_id, Done done) {
  const auto function =
      resolve_function(host_.directory(), route.service, route.qualifier, route.function);
  if (!function) return done(http::error_response(function.error(), request_id));
  const auto asked = list_of(query, *function, route);
  if (!asked) return done(http::error_response(asked.error(), request_id));
  host_.archive().list(*asked, [this, request_id, payload = asked->payload,
                                done = std::move(done)](const Result<history::Page>& page) {
    if (!page) return done(http::error_response(page.error(), request_id));
    done(page_answer(*page, host_.directory(), payload));
  });
}

void Tasks::list_functions(const Query& query, std::string request_id, Done done) {
  const auto limit = number_of(query, "limit");
  const auto after = number_of(query, "nextToken");
  if (!limit || !after) {
    return done(http::error_response(limit ? after.error() : limit.error(), request_id));
  }
  const auto most = static_cast<std::uint32_t>(
      std::min<std::int64_t>(limit->value_or(history::kPageDefault), history::kPageMax));
  const FunctionId from{static_cast<std::uint64_t>(after->value_or(0))};
  host_.archive().functions_with_history(
      from, most,
      [this, most, request_id, done = std::move(done)](const Result<std::vector<FunctionId>>& ids) {
        if (!ids) return done(http::error_response(ids.error(), request_id));
        done(functions_answer(*ids, most, host_.directory()));
      });
}

// Whatever became of a call, by its id: in the history if it has a name or has failed, else only
// while it lives.
void Tasks::get_call(const Route& route, const Query& query, std::string request_id, Done done) {
  const auto id = CallId::parse(route.invocation);
  if (!id) {
    return done(http::error_response(
        Error{ErrorCode::kInvalidArgument, "a call's id is a UUID of 36 characters"}, request_id));
  }
  const auto payload =
      flag_of(query, "includePayload") ? history::Payload::kWith : history::Payload::kWithout;
  host_.archive().get(*id, payload,
                      [this, id = *id, payload, request_id, done = std::move(done)](Found record) {
                        if (!record) {
                          return done(http::error_response(record.error(), request_id));
                        }
                        if (!*record) return get_live_call(id, request_id, done);
                        answer_with_place(**record, payload, done);
                      });
}

void Tasks::get_live_call(const CallId& id, std::string request_id, Done done) {
  host_.find_anywhere(
      id, [this, id, request_id, done = std::move(done)](std::optional<CallPosition> found) {
        if (!found) {
          return done(http::error_response(
              Error{ErrorCode::kCallNotFound,
                    fmt::format("no call {}: it was never accepted, or ended well without a "
                                "name, or longer ago than the history is kept",
                                id.text())},
              request_id));
        }
        Record live;
        live.id = id;
        live.function = found->function;
        live.state = found->state;
        live.accepted = found->accepted;
        live.due = found->due;
        live.retries = found->retries;
        answer(live, history::Payload::kWithout, done, found->ahead);
      });
}

}  // namespace convoke
