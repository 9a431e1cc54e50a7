// Questions to Redis about records: several commands, one answer. What all readers of the history
// have in common.
//
// Shard thread only. Each answer comes in a later turn than its question, once; none where the
// connection is destroyed before.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/model/error.h"
#include "queue/redis/keys.h"
#include "queue/redis/pipeline.h"
#include "queue/redis/record.h"

namespace convoke::redis {

// Outlives what is asked; its connection too.
struct Reading {
  Pipeline& connection;
  std::string prefix;
};

template <class T>
using Done = std::function<void(Result<T>)>;

// An answer's texts, to be kept: of an array, its elements. nullopt: nil. ServiceUnavailable: the
// server cannot be reached, or refuses.
using Texts = std::vector<std::optional<std::string>>;
void ask(const Reading& reading, const Command& command, Done<Texts> done);
// The answers to several, side by side; or the first error.
void ask_all(const Reading& reading, const std::vector<Command>& commands,
             Done<std::vector<Texts>> done);

// Functions that have ever had a call, in ascending order; without the lines beside them.
void read_functions(const Reading& reading, Done<std::vector<FunctionId>> done);

// A record that is there, and where it stands if it is under way.
struct KeptRow {
  KeptRecord kept;
  std::optional<UnderWayNote> under_way;
};
// In the order of `ids`, without those that are not there.
void read_rows(const Reading& reading, FunctionId function, const std::vector<CallId>& ids,
               Done<std::vector<KeptRow>> done);

// The records with their events and, if it is asked for, what went in and came out: so many of them
// as fit within kPageBytesMax, at least one.
void complete(const Reading& reading, std::vector<KeptRow> rows, history::Payload payload,
              Done<std::vector<history::Record>> done);

}  // namespace convoke::redis
