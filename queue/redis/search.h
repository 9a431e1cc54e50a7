// Looks for a call of which nothing but its id is known, through all functions, one after the
// other: for people who ask what became of it.
#pragma once

#include "queue/redis/store.h"

namespace convoke::redis {

// nullopt: it is nowhere, or the server did not say. The store outlives the answer, or drops it.
void search(RedisStore& store, const CallId& id, RedisStore::Found found);

}  // namespace convoke::redis
