#include "queue/redis/archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "queue/redis/bytes.h"
#include "queue/redis/list_walk.h"
#include "queue/redis/scripts.h"

namespace convoke::redis {
namespace {

using history::CallRef;
using history::Page;
using history::Payload;
using history::Record;
using Found = std::optional<Record>;

constexpr std::size_t kFunctionsAtOnce = 200;  // asked by one round of commands

Error bad_limit(std::uint32_t limit) {
  return {ErrorCode::kInvalidArgument,
          fmt::format("limit must be between 1 and {} (actual: {})", history::kPageMax, limit)};
}

Error bad_token() {
  return {ErrorCode::kInvalidArgument,
          "nextToken is not one that this query answered: ask for the first page without it, and "
          "leave the filters as they are from page to page"};
}

Error not_said() {
  return {ErrorCode::kServiceUnavailable, "the history's server did not say whether it is done",
          Seconds{1}};
}

// Where the page begins, or why there is none.
template <class Query>
Result<std::optional<history::Place>> start_of(const Query& query) {
  if (query.limit == 0 || query.limit > history::kPageMax) return bad_limit(query.limit);
  if (query.token.empty()) return std::optional<history::Place>{};
  auto place = history::place_in(query.token, history::fingerprint_of(query));
  if (!place) return bad_token();
  return place;
}

std::map<FunctionId, std::vector<CallId>> split(const std::vector<CallRef>& calls) {
  std::map<FunctionId, std::vector<CallId>> by_function;
  for (const CallRef& call : calls) by_function[call.function].push_back(call.id);
  return by_function;
}

// A page's calls of several functions, taken by one call of the script for each.
struct Taking {
  void took(const std::vector<CallId>& ids, const Answer& told) {
    failed |= !told.ok();
    for (std::size_t i = 0; told.ok() && i < ids.size(); ++i) {
      if (told.reply[i].integer() == 1) taken.insert(ids[i]);
    }
    if (--left > 0) return;
    if (failed) return answer(not_said());
    std::erase_if(page.records,
                  [this](const Record& record) { return !taken.contains(record.id); });
    answer(std::move(page));
  }

  std::size_t left = 0;
  Page page;
  std::set<CallId> taken;
  bool failed = false;
  std::function<void(Result<Page>)> answer;
};

// Of several functions, one call of the script for each.
struct Purging {
  void took(const Answer& told) {
    if (told.ok()) {
      purged += static_cast<std::uint64_t>(told.reply.integer().value_or(0));
    } else {
      failed = true;
    }
    if (--left > 0) return;
    if (!failed) return answer(purged);
    answer(not_said());
  }

  std::size_t left = 0;
  std::uint64_t purged = 0;
  bool failed = false;
  std::function<void(Result<std::uint64_t>)> answer;
};

std::uint64_t number_in(const Texts& texts) {
  if (texts.empty() || !texts[0]) return 0;
  return std::strtoull(texts[0]->c_str(), nullptr, 10);
}

}  // namespace

// ---- one call ----

void RedisArchive::get(FunctionId function, std::string name, Payload payload,
                       Answer<Found> answer) {
  if (!has_history(name)) name.clear();  // the engine's own are in no history
  Command command("HGET");
  command.arg(FunctionKeys(reading_.prefix, function).names()).arg(name);
  ask(reading_, command, [this, function, payload, answer = std::move(answer)](Result<Texts> told) {
    if (!told) return answer(told.error());
    const bool known = !told->empty() && told->front() && told->front()->size() == 16;
    if (!known) return answer(Found{});
    get(function, get_call_id(*told->front()), payload, answer);
  });
}

void RedisArchive::get(FunctionId function, const CallId& id, Payload payload,
                       Answer<Found> answer) {
  read_rows(reading_, function, {id},
            [this, payload, answer = std::move(answer)](Result<std::vector<KeptRow>> rows) {
              if (!rows) return answer(rows.error());
              if (rows->empty()) return answer(Found{});
              complete(reading_, *std::move(rows), payload,
                       [answer](Result<std::vector<Record>> records) {
                         if (!records) return answer(records.error());
                         answer(Found{std::move(records->front())});
                       });
            });
}

// A question that goes from function to function, some at a time.
struct RedisArchive::Functions {
  std::vector<FunctionId> left;
  // For find().
  CallId id;
  Payload payload = Payload::kWithout;
  Answer<Found> found;
  // For find_named().
  std::uint32_t limit = 0;
  std::vector<FunctionId> named;
  Answer<std::vector<FunctionId>> all;

  std::vector<FunctionId> take_some() {
    const auto count = static_cast<std::ptrdiff_t>(std::min(left.size(), kFunctionsAtOnce));
    std::vector<FunctionId> some(left.begin(), left.begin() + count);
    left.erase(left.begin(), left.begin() + count);
    return some;
  }
};

void RedisArchive::get(const CallId& id, Payload payload, Answer<Found> answer) {
  const auto asked = std::make_shared<Functions>();
  asked->id = id;
  asked->payload = payload;
  asked->found = std::move(answer);
  read_functions(reading_, [this, asked](Result<std::vector<FunctionId>> functions) {
    if (!functions) return asked->found(functions.error());
    asked->left = *std::move(functions);
    find(asked);
  });
}

void RedisArchive::find(std::shared_ptr<Functions> asked) {
  const std::vector<FunctionId> some = asked->take_some();
  if (some.empty()) return asked->found(Found{});
  std::vector<Command> commands;
  for (const FunctionId function : some) {
    const FunctionKeys keys(reading_.prefix, function);
    Command command("HEXISTS");
    command.arg(keys.history()[FunctionKeys::kRecords]).arg(bytes_of(asked->id));
    commands.push_back(std::move(command));
  }
  ask_all(reading_, commands, [this, asked, some](Result<std::vector<Texts>> told) {
    if (!told) return asked->found(told.error());
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (number_in((*told)[i]) == 1) return get(some[i], asked->id, asked->payload, asked->found);
    }
    find(asked);
  });
}

void RedisArchive::functions_with_history(FunctionId after, std::uint32_t limit,
                                          Answer<std::vector<FunctionId>> answer) {
  const auto asked = std::make_shared<Functions>();
  asked->limit = limit;
  asked->all = std::move(answer);
  read_functions(reading_, [this, asked, after](Result<std::vector<FunctionId>> functions) {
    if (!functions) return asked->all(functions.error());
    asked->left = *std::move(functions);
    std::erase_if(asked->left, [after](FunctionId function) { return function <= after; });
    find_named(asked);
  });
}

void RedisArchive::find_named(std::shared_ptr<Functions> asked) {
  const std::vector<FunctionId> some = asked->take_some();
  if (some.empty() || asked->named.size() >= asked->limit) {
    if (asked->named.size() > asked->limit) asked->named.resize(asked->limit);
    return asked->all(std::move(asked->named));
  }
  std::vector<Command> commands;
  for (const FunctionId function : some) {
    const FunctionKeys keys(reading_.prefix, function);
    Command command("ZCARD");
    command.arg(keys.history()[FunctionKeys::kNamed]);
    commands.push_back(std::move(command));
  }
  ask_all(reading_, commands, [this, asked, some](Result<std::vector<Texts>> told) {
    if (!told) return asked->all(told.error());
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (number_in((*told)[i]) > 0) asked->named.push_back(some[i]);
    }
    find_named(asked);
  });
}

// ---- pages ----

void RedisArchive::list(history::ListQuery query, Answer<Page> answer) {
  const auto start = start_of(query);
  if (!start) return refuse(std::move(answer), start.error());
  list_named(reading_, std::move(query), *start, std::move(answer));
}

void RedisArchive::list_failed(history::FailedQuery query, Answer<Page> answer) {
  const auto start = start_of(query);
  if (!start) return refuse(std::move(answer), start.error());
  list_failures(reading_, std::move(query), *start, std::move(answer));
}

void RedisArchive::refuse(Answer<Page> answer, Error why) {
  refused_.emplace_back(std::move(answer), std::move(why));
  if (!refused_timer_.scheduled()) wheel_.schedule(refused_timer_, Instant{});
}

void RedisArchive::tell_refused() {
  for (auto& [answer, why] : std::exchange(refused_, {})) answer(std::move(why));
}

// ---- calls that failed ----

void RedisArchive::take_failed(history::FailedQuery query, Answer<Page> answer) {
  list_failed(std::move(query), [this, answer = std::move(answer)](Result<Page> page) {
    if (!page || page->records.empty()) return answer(std::move(page));
    take(*std::move(page), answer);
  });
}

// What is listed may have been taken and purged by another since it was read.
void RedisArchive::take(Page page, Answer<Page> answer) {
  const auto taking = std::make_shared<Taking>();
  taking->page = std::move(page);
  taking->answer = std::move(answer);
  const auto by_function = split(history::refs_of(taking->page.records));
  taking->left = by_function.size();
  const WallTime now = clock_.wall();
  for (const auto& [function, ids] : by_function) {
    Command command = call_with_history(scripts().take, FunctionKeys(reading_.prefix, function));
    command.arg(to_ms(now)).arg(to_ms(now + kTakenFor));
    for (const CallId& id : ids) command.arg(bytes_of(id));
    send_call(reading_.connection, scripts().take, std::move(command),
              [taking, ids = ids](const redis::Answer& told) { taking->took(ids, told); });
  }
}

void RedisArchive::put_back(std::vector<CallRef> calls) {
  for (const auto& [function, ids] : split(calls)) {
    Command command("HDEL");
    command.arg(FunctionKeys(reading_.prefix, function).history()[FunctionKeys::kTaken]);
    for (const CallId& id : ids) command.arg(bytes_of(id));
    ask(reading_, command, [](const Result<Texts>&) {});
  }
}

void RedisArchive::purge(std::vector<CallRef> calls, Answer<std::uint64_t> answer) {
  if (calls.size() > kPurgedMax) calls.resize(kPurgedMax);
  auto by_function = split(calls);
  by_function[FunctionId{}];  // so that there is something to answer
  const auto purging = std::make_shared<Purging>();
  purging->left = by_function.size();
  purging->answer = std::move(answer);
  for (const auto& [function, ids] : by_function) {
    Command command = call_with_history(scripts().purge, FunctionKeys(reading_.prefix, function));
    for (const CallId& id : ids) command.arg(bytes_of(id));
    send_call(reading_.connection, scripts().purge, std::move(command),
              [purging](const redis::Answer& told) { purging->took(told); });
  }
}

}  // namespace convoke::redis
