// The tasks' other half: calls that ended in failure, which can be looked at, run again and purged.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "core/api/answers.h"
#include "core/api/fields.h"
#include "core/api/json.h"
#include "core/api/task_answers.h"
#include "core/api/task_query.h"
#include "core/api/tasks.h"
#include "core/registry/resolve.h"

namespace convoke {
namespace {

using history::Record;

// {"serviceName", "functionName" (both or none), "limit", "nextToken", "dryRun"}
struct FailedOrder {
  history::FailedQuery query;
  bool dry_run = false;
};

Result<void> set_function(const Directory& directory, const std::optional<std::string>& service,
                          const std::optional<std::string>& name, history::FailedQuery& query) {
  if (!name) return {};
  const auto function = resolve_function(directory, service.value_or("default"), {}, *name);
  if (!function) return function.error();
  query.function = (*function)->id;
  return {};
}

Result<void> set_limit(std::optional<std::int64_t> limit, history::FailedQuery& query) {
  if (!limit) return {};
  if (*limit < 1 || *limit > history::kPageMax) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("limit takes 1 to {} (actual: {})", history::kPageMax, *limit)};
  }
  query.limit = static_cast<std::uint32_t>(*limit);
  return {};
}

Result<FailedOrder> order_of(const Directory& directory, http::Request request) {
  if (request.body.empty()) request.body = "{}";
  Result<Json> body = Json::parse_object(std::move(request.body));
  if (!body) return body.error();
  std::optional<std::string> service;
  std::optional<std::string> function;
  std::optional<std::int64_t> limit;
  std::optional<std::string> token;
  std::optional<bool> dry_run;
  FieldReader reader(*body);
  reader.text("serviceName", service);
  reader.text("functionName", function);
  reader.integer("limit", limit);
  reader.text("nextToken", token);
  reader.boolean("dryRun", dry_run);
  if (auto read = reader.outcome(); !read) return read.error();
  FailedOrder order;
  order.dry_run = dry_run.value_or(false);
  order.query.order = history::Order::kAscending;  // the oldest first
  order.query.token = token.value_or("");
  if (auto set = set_function(directory, service, function, order.query); !set) return set.error();
  if (auto set = set_limit(limit, order.query); !set) return set.error();
  return order;
}

std::vector<CallId> ids_of(const std::vector<Record>& records) {
  std::vector<CallId> ids;
  for (const Record& record : records) ids.push_back(record.id);
  return ids;
}

// `next`: the token of what comes behind these, refused ones included; empty: nothing does.
http::Response done_answer(std::string_view what, const std::vector<CallId>& ids,
                           const std::vector<std::string>& refused, const std::string& next) {
  JsonWriter writer;
  writer.object().key(what).array();
  for (const CallId& id : ids) writer.text(id.text());
  writer.end().key("refused").array();
  for (const std::string& why : refused) writer.text(why);
  writer.end();
  if (!next.empty()) writer.member("nextToken", next);
  return json_answer(writer.end().take());
}

// Calls being accepted again, one after the other's answer or not: counted until all are in.
struct Redrive {
  std::vector<Record> records;
  std::string next_token;
  std::vector<CallId> accepted;
  std::vector<std::string> refused;
  std::vector<history::CallRef> to_purge;     // the accepted ones
  std::vector<history::CallRef> to_put_back;  // the refused ones
  std::size_t to_hear = 0;
};

Error still_listed(const Redrive& redrive, const Error& why) {
  return {ErrorCode::kServiceUnavailable,
          fmt::format("{} calls run again, and could not be taken off the list of failures: {}. "
                      "Redriven once more they would run twice",
                      redrive.accepted.size(), why.message)};
}

}  // namespace

void Tasks::list_failed(const Query& query, std::string request_id, Done done) {
  history::FailedQuery asked;
  const std::string service(convoke::get(query, "serviceName"));
  const std::string function(convoke::get(query, "functionName"));
  const auto set =
      set_function(host_.directory(), service.empty() ? std::nullopt : std::optional(service),
                   function.empty() ? std::nullopt : std::optional(function), asked);
  if (!set) return done(http::error_response(set.error(), request_id));
  if (auto limit = set_limit(query, asked.limit); !limit) {
    return done(http::error_response(limit.error(), request_id));
  }
  if (auto order = set_order(query, asked.order); !order) {
    return done(http::error_response(order.error(), request_id));
  }
  asked.token = convoke::get(query, "nextToken");
  if (convoke::get(query, "includePayload") == "true") asked.payload = history::Payload::kWith;
  const auto payload =
      asked.payload == history::Payload::kWith ? ShowPayload::kYes : ShowPayload::kNo;
  host_.archive().list_failed(std::move(asked), [this, payload, request_id, done = std::move(done)](
                                                    const Result<history::Page>& page) {
    if (!page) return done(http::error_response(page.error(), request_id));
    JsonWriter writer;
    writer.object().key("invocations").array();
    for (const Record& record : page->records) {
      write_record(record, host_.directory(), payload, writer);
    }
    writer.end();
    if (!page->next_token.empty()) writer.member("nextToken", page->next_token);
    done(json_answer(writer.end().take()));
  });
}

// What is accepted again leaves the list of failures; what is refused stays.
void Tasks::redrive(http::Request request, std::string request_id, Done done) {
  auto order = order_of(host_.directory(), std::move(request));
  if (!order) return done(http::error_response(order.error(), request_id));
  order->query.payload = history::Payload::kWith;
  const auto go_on = [this, dry_run = order->dry_run, request_id,
                      done = std::move(done)](Result<history::Page> page) {
    if (!page) return done(http::error_response(page.error(), request_id));
    if (!dry_run) return accept_all_again(std::move(*page), request_id, done);
    done(done_answer("wouldRun", ids_of(page->records), {}, page->next_token));
  };
  if (order->dry_run) return host_.archive().list_failed(order->query, go_on);
  host_.archive().take_failed(order->query, go_on);
}

void Tasks::accept_all_again(history::Page page, std::string request_id, Done done) {
  const auto redrive = std::make_shared<Redrive>();
  redrive->records = std::move(page.records);
  redrive->next_token = std::move(page.next_token);
  redrive->to_hear = redrive->records.size();
  if (redrive->to_hear == 0) return done(done_answer("redriven", {}, {}, redrive->next_token));
  for (const Record& record : redrive->records) {
    host_.accept_again(record, [this, redrive, id = record.id, function = record.function,
                                request_id, done](const Result<void>& accepted) {
      if (accepted) {
        redrive->accepted.push_back(id);
        redrive->to_purge.push_back({function, id});
      } else {
        redrive->refused.push_back(id.text() + ": " + accepted.error().message);
        redrive->to_put_back.push_back({function, id});
      }
      if (--redrive->to_hear > 0) return;
      host_.archive().put_back(redrive->to_put_back);
      host_.archive().purge(
          redrive->to_purge, [redrive, request_id, done](const Result<std::uint64_t>& purged) {
            if (!purged) {
              return done(http::error_response(still_listed(*redrive, purged.error()), request_id));
            }
            done(done_answer("redriven", redrive->accepted, redrive->refused, redrive->next_token));
          });
    });
  }
}

void Tasks::purge(http::Request request, std::string request_id, Done done) {
  const auto order = order_of(host_.directory(), std::move(request));
  if (!order) return done(http::error_response(order.error(), request_id));
  host_.archive().list_failed(order->query, [this, dry_run = order->dry_run, request_id,
                                             done = std::move(done)](Result<history::Page> page) {
    if (!page) return done(http::error_response(page.error(), request_id));
    if (!dry_run) return purge(std::move(*page), request_id, done);
    done(done_answer("wouldPurge", ids_of(page->records), {}, page->next_token));
  });
}

void Tasks::purge(history::Page page, std::string request_id, Done done) {
  const auto listed = std::make_shared<history::Page>(std::move(page));
  host_.archive().purge(
      history::refs_of(listed->records),
      [listed, request_id, done = std::move(done)](const Result<std::uint64_t>& purged) {
        if (!purged) return done(http::error_response(purged.error(), request_id));
        done(done_answer("purged", ids_of(listed->records), {}, listed->next_token));
      });
}

}  // namespace convoke
