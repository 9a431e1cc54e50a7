// Questions to the database, with what is under way laid over its rows. On the history's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sqlite/sqlite.h"
#include "queue/history/record.h"
#include "queue/history/rows.h"
#include "queue/history/token.h"
#include "queue/history/under_way.h"

namespace convoke::history {

class Reader {
 public:
  Reader(sqlite::Database& database, const UnderWay& under_way)
      : database_(database), under_way_(under_way) {}

  [[nodiscard]] sqlite::Failure get(const CallId& id, Payload payload,
                                    std::optional<Record>& record);
  [[nodiscard]] sqlite::Failure get(FunctionId function, std::string_view name, Payload payload,
                                    std::optional<Record>& record);
  // `after`: where the page before ended. `query`: goes into the token of the next one.
  [[nodiscard]] sqlite::Failure list(const ListQuery& list, std::optional<Position> after,
                                     std::uint64_t query, Page& page);
  [[nodiscard]] sqlite::Failure list(const FailedQuery& list, std::optional<Position> after,
                                     std::uint64_t query, Page& page);
  // In ascending order, beyond `after`.
  [[nodiscard]] sqlite::Failure functions(FunctionId after, std::uint32_t limit,
                                          std::vector<FunctionId>& functions);

 private:
  class PageInMaking;
  struct Index;

  [[nodiscard]] sqlite::Failure walk(const Index& index, std::optional<FunctionId> function,
                                     Order order, PageInMaking& page);
  [[nodiscard]] sqlite::Failure visit(std::vector<Position> positions, Order order,
                                      PageInMaking& page);
  [[nodiscard]] sqlite::Failure find_by_prefix(const ListQuery& list,
                                               std::optional<std::vector<Position>>& found);
  [[nodiscard]] sqlite::Failure finish(PageInMaking& made, Payload payload, std::uint64_t query,
                                       Page& page);
  [[nodiscard]] sqlite::Failure complete(Row& row, Payload payload);
  [[nodiscard]] sqlite::Failure read_payload(Row& row);

  sqlite::Database& database_;
  const UnderWay& under_way_;
};

}  // namespace convoke::history
