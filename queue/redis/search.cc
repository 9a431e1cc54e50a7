#include "queue/redis/search.h"

#include <memory>
#include <utility>
#include <vector>

namespace convoke::redis {
namespace {

struct Search {
  RedisStore& store;
  CallId id;
  RedisStore::Found found;
  std::vector<FunctionId> functions;  // left to look at
};

void go_on(const std::shared_ptr<Search>& search) {
  if (search->functions.empty()) return search->found(std::nullopt);
  const FunctionId next = search->functions.back();
  search->functions.pop_back();
  search->store.seek(next, search->id, [search](const std::optional<CallPosition>& position) {
    if (position) return search->found(position);
    go_on(search);
  });
}

}  // namespace

void search(RedisStore& store, const CallId& id, RedisStore::Found found) {
  if (const auto here = store.find(id)) return found(here);
  auto search = std::make_shared<Search>(Search{store, id, std::move(found), {}});
  store.list_functions([search](std::vector<FunctionId> functions) {
    search->functions = std::move(functions);
    go_on(search);
  });
}

}  // namespace convoke::redis
