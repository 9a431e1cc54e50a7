// Where a call comes from: its root, its caller, how deep it stands, and which functions stand
// above it, itself included. Every call has one; a root's is made of its id and its function
// (`root_lineage`), so that a call without an ancestry need carry none.
//
// It has a fixed size, so that it fits one `tracestate` entry (core/guard/lineage_token.h). What
// does not fit is dropped so that a loop over few functions is seen whole:
//   - visits are counted for 8 functions. A ninth takes the place of the one visited least, of
//     those the one whose last visit is longest ago; that one is counted from 1 again when it
//     comes back. So a loop over more than 8 functions may go uncounted, and its depth ends it.
//   - the last 8 hops are named. One whose function has lost its count is only known to have been.
//   - counts and depth stop at 255: they never wrap.
//   - functions are known by 24 bits of their ids. Two that share them (16,777,216 registry changes
//     apart) are counted as one: too early, never too late.
//
// Pure; any thread; allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/model/ids.h"

namespace convoke {

// The low 24 bits of a FunctionId; 0: none.
using FunctionTag = StrongId<struct FunctionTagTag, std::uint32_t>;
[[nodiscard]] FunctionTag tag_of(FunctionId function);

// Of a W3C `traceparent`; all zero: none.
using TraceId = std::array<std::uint8_t, 16>;

struct Lineage {
  static constexpr std::size_t kFunctionsMax = 8;
  static constexpr std::size_t kHopsMax = 8;
  static constexpr std::uint8_t kCountMax = 255;
  // Where no index into `visits` stands.
  static constexpr std::uint8_t kNoHop = 15;
  static constexpr std::uint8_t kHopForgotten = 14;  // its function is no longer counted

  struct Visits {
    FunctionTag function;  // 0: this place is free
    std::uint8_t times = 0;
    friend bool operator==(const Visits&, const Visits&) = default;
  };

  CallId root;             // the call itself, where it has no caller
  CallId parent;           // nil: it has no caller, or none that still ran
  std::uint8_t depth = 0;  // calls above it
  std::array<Visits, kFunctionsMax> visits{};
  // Oldest first, this call's own last.
  std::array<std::uint8_t, kHopsMax> hops = {kNoHop, kNoHop, kNoHop, kNoHop,
                                             kNoHop, kNoHop, kNoHop, kNoHop};
  // Of the client that began it all, where it sent one; otherwise a trace has its root's id.
  TraceId trace{};

  friend bool operator==(const Lineage&, const Lineage&) = default;
};

// Of a call that nobody made that we know of.
[[nodiscard]] Lineage root_lineage(const CallId& id, FunctionId function);
// Of a call of `callee` that `caller` makes, whose lineage is `of_caller`.
[[nodiscard]] Lineage child_lineage(const Lineage& of_caller, const CallId& caller,
                                    FunctionId callee);
// Of a call that has depth and visits from `of_caller` and is its own root all the same: it charges
// nobody's budget and stands in nobody's tree.
[[nodiscard]] Lineage fresh_root_lineage(const Lineage& of_caller, const CallId& id,
                                         FunctionId callee);
// Of an instance before it has had a call: whom its first steps call is called by that function,
// which has not been visited.
[[nodiscard]] Lineage lineage_before_calls(FunctionId function);

// How often the function stands in it, as far as that is known.
[[nodiscard]] std::uint8_t visits_of(const Lineage& lineage, FunctionTag function);
[[nodiscard]] FunctionTag last_hop(const Lineage& lineage);  // 0: none

// The value without its trace, in fixed places (big-endian, hops four bits each):
//   root 16 | parent 16 | depth 1 | visits 8 x (function 3, times 1) | hops 4
inline constexpr std::size_t kPackedLineageSize = 69;
using PackedLineage = std::array<std::uint8_t, kPackedLineageSize>;
[[nodiscard]] PackedLineage pack(const Lineage& lineage);
[[nodiscard]] Lineage unpack(std::span<const std::uint8_t, kPackedLineageSize> bytes);

// As a queue keeps it: the packed value, and the trace where there is one.
inline constexpr std::size_t kStoredLineageMax = kPackedLineageSize + 16;
struct StoredLineage {
  std::array<std::uint8_t, kStoredLineageMax> bytes{};
  std::size_t size = 0;
  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), size};
  }
};
[[nodiscard]] StoredLineage store_lineage(const Lineage& lineage);
// nullopt: these are none of ours.
[[nodiscard]] std::optional<Lineage> stored_lineage(std::string_view bytes);

// A place on an instance where one call at a time runs (core/guard/running_calls.h); 0: unknown.
using PlaceTag = StrongId<struct PlaceTagTag, std::uint32_t>;

// A sealed lineage (core/guard/lineage_token.h).
inline constexpr std::size_t kLineageTextSize = 120;
using LineageText = std::array<char, kLineageTextSize>;
[[nodiscard]] inline std::string_view view_of(const LineageText& text) {
  return {text.data(), text.size()};
}

// What an instance passes on to a call's code, for the calls that it will make.
struct CarriedLineage {
  LineageText token{};
  TraceId trace{};  // of the `traceparent`
};

}  // namespace convoke
