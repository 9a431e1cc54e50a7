// Pages of records, as record.h promises them, put together from Redis in bounded steps.
#pragma once

#include "queue/redis/reading.h"

namespace convoke::redis {

// Of one function's named calls. `after`: where the page before ended; `query` goes into the token.
void list_named(const Reading& reading, history::ListQuery list,
                std::optional<history::Place> after, Done<history::Page> done);

// Of failed calls, of one function or of all.
void list_failures(const Reading& reading, history::FailedQuery list,
                   std::optional<history::Place> after, Done<history::Page> done);

}  // namespace convoke::redis
