// What history answers: records of calls, and the questions about them, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/call_state.h"
#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke::history {

// One move of a call. Ids count from 1 within the call and never change; those of attempts that are
// no longer kept are missing between the first and the next.
struct Event {
  std::uint64_t id = 0;
  CallState state = CallState::kEnqueued;
  WallTime at{};
  std::string error;  // what ended the attempt; "": nothing did, or it succeeded
};

// Kept of a call: its first event and its last kAttemptsKept attempts.
inline constexpr std::uint32_t kAttemptsKept = 20;

struct Record {
  CallId id;
  FunctionId function;
  std::string name;  // empty: a call without one, that has failed
  std::string qualifier;
  CallState state = CallState::kEnqueued;
  WallTime accepted{};
  WallTime due{};
  WallTime started{};  // hand-over of the last attempt that got so far; 0: none has
  WallTime ended{};    // 0: it has not
  std::uint32_t retries = 0;
  // Of the last attempt.
  std::string instance_id;
  Millis duration{};
  std::string error;
  std::string message;
  std::string destination_status;
  std::vector<Event> events;
  // With Payload::kWith only.
  std::string event;
  bool event_lost = false;  // somebody has deleted it where it was kept
  std::string result;
  bool result_cut = false;
};

enum class Payload : std::uint8_t { kWithout, kWith };
enum class Order : std::uint8_t { kAscending, kDescending };

inline constexpr std::uint32_t kPageDefault = 20;
inline constexpr std::uint32_t kPageMax = 100;

// Calls with a name. Pages are ordered by accept time, which never changes: so that each call that
// was there when the first page was asked for, and stays, is on one page, whatever else arrives.
// (A call's start moves with every attempt.)
struct ListQuery {
  FunctionId function;
  std::optional<std::string> qualifier;  // as the caller wrote it; nullopt: any
  std::optional<CallState> state;
  // On `started`, both inclusive. With either, calls that were never started are not listed.
  std::optional<WallTime> started_begin;
  std::optional<WallTime> started_end;
  std::string name_prefix;
  Order order = Order::kDescending;
  Payload payload = Payload::kWithout;
  std::uint32_t limit = kPageDefault;  // 1 .. kPageMax
  std::string token;                   // of the page before; empty: the first page
};

// What ended in failure, with a name or without: Failed and Expired.
struct FailedQuery {
  std::optional<FunctionId> function;  // nullopt: of all
  Order order = Order::kDescending;    // by accept time
  Payload payload = Payload::kWithout;
  std::uint32_t limit = kPageDefault;
  std::string token;
};

// A page can hold fewer than `limit` records, even none, and still be followed by another: one
// question looks at kRowsLookedAtMax rows at most, and returns little more than kPageBytesMax of
// payload.
struct Page {
  std::vector<Record> records;
  std::string next_token;  // empty: this is the last page
};
inline constexpr std::uint32_t kRowsLookedAtMax = 50'000;
inline constexpr std::size_t kPageBytesMax = 16UL << 20;

}  // namespace convoke::history
