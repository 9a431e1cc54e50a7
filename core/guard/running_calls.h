// Which call runs at which place, for all shards to see: what a token is worth depends on it
// (core/guard/lineage.h).
//
// A place is one slot of an instance that passes lineages on: an instance that takes one call at a
// time has one for its life. A place's shard writes it, any thread reads it without waiting for
// more than a write of some nanoseconds. Taking and giving back are rare, and lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/edge/rng.h"
#include "core/guard/lineage.h"
#include "core/model/ids.h"
#include "core/model/lineage.h"

namespace convoke {

class RunningCalls {
 public:
  // Calls beyond have no place: their tokens are judged by their deadlines.
  static constexpr std::size_t kPlacesMax = 8192;

  explicit RunningCalls(Rng rng) : rng_(rng) {}
  ~RunningCalls();
  RunningCalls(const RunningCalls&) = delete;
  RunningCalls& operator=(const RunningCalls&) = delete;

  // Any thread. `alone`: its instance takes one call at a time. 0: there are no more.
  [[nodiscard]] PlaceTag take(bool alone);
  void give_back(PlaceTag place);

  // Of a place that was taken, by its owner's thread alone. Of 0: nothing.
  void begin(PlaceTag place, const CallId& call, const Lineage& lineage) noexcept;
  void end(PlaceTag place) noexcept;

  // Any thread. nullopt: no such place here, or none any more.
  [[nodiscard]] std::optional<PlaceNow> at(PlaceTag place) const noexcept;
  // Any thread; looks at every place. nullopt: it runs at none.
  [[nodiscard]] std::optional<Lineage> lineage_of(const CallId& call) const noexcept;
  // Of the calls of `function` that run here, the lineage in which `callee` stands least often; of
  // several such, the least deep. nullopt: none runs. Looks at every place: for what is rare.
  [[nodiscard]] std::optional<Lineage> least_visited(FunctionTag function,
                                                     FunctionTag callee) const noexcept;

 private:
  struct Seen {
    std::uint32_t tag;
    bool alone;
    CallId call;
    Lineage lineage;
  };
  static constexpr std::size_t kWords = (sizeof(Seen) + 7) / 8;
  // Odd while it is written.
  struct Row {
    std::atomic<std::uint32_t> turn{0};
    std::array<std::atomic<std::uint64_t>, kWords> words{};
  };
  static constexpr std::size_t kRowsPerPiece = 128;
  static constexpr std::size_t kRowBits = 13;
  static_assert(kPlacesMax == std::size_t{1} << kRowBits);
  using Piece = std::array<Row, kRowsPerPiece>;

  [[nodiscard]] Row* row_of(PlaceTag place) const noexcept;
  [[nodiscard]] static Seen read(const Row& row) noexcept;
  static void write(Row& row, const Seen& seen) noexcept;
  [[nodiscard]] std::optional<std::uint32_t> free_row();

  std::array<std::atomic<Piece*>, kPlacesMax / kRowsPerPiece> pieces_{};
  std::mutex taking_;  // of what follows
  Rng rng_;
  std::uint32_t rows_ = 0;
  std::vector<std::uint32_t> free_;
};

}  // namespace convoke
