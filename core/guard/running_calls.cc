#include "core/guard/running_calls.h"

#include <cstring>
#include <type_traits>
#include <utility>

namespace convoke {

// A tag is a row's number below, and random bits above that differ each time it is taken: so a
// token of an earlier holder, or of another engine, finds nobody there.

RunningCalls::~RunningCalls() {
  for (const auto& piece : pieces_) delete piece.load();
}

RunningCalls::Row* RunningCalls::row_of(PlaceTag place) const noexcept {
  const std::size_t number = place.value % kPlacesMax;
  Piece* const piece = pieces_[number / kRowsPerPiece].load(std::memory_order_acquire);
  return piece == nullptr ? nullptr : &(*piece)[number % kRowsPerPiece];
}

// Whoever sees a word of a write (acquire, release) also sees that the write has begun, so a turn
// that stayed even and the same says that all words are of one write.
RunningCalls::Seen RunningCalls::read(const Row& row) noexcept {
  static_assert(std::is_trivially_copyable_v<Seen>);
  std::array<std::uint64_t, kWords> words;
  for (;;) {
    const std::uint32_t turn = row.turn.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < kWords; ++i) {
      words[i] = row.words[i].load(std::memory_order_acquire);
    }
    if (turn % 2 == 0 && row.turn.load(std::memory_order_relaxed) == turn) break;
  }
  Seen seen;
  std::memcpy(static_cast<void*>(&seen), words.data(), sizeof seen);
  return seen;
}

void RunningCalls::write(Row& row, const Seen& seen) noexcept {
  std::array<std::uint64_t, kWords> words{};
  std::memcpy(words.data(), static_cast<const void*>(&seen), sizeof seen);
  const std::uint32_t turn = row.turn.load(std::memory_order_relaxed);
  row.turn.store(turn + 1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < kWords; ++i) {
    row.words[i].store(words[i], std::memory_order_release);
  }
  row.turn.store(turn + 2, std::memory_order_release);
}

std::optional<std::uint32_t> RunningCalls::free_row() {
  if (!free_.empty()) {
    const std::uint32_t row = free_.back();
    free_.pop_back();
    return row;
  }
  if (rows_ == kPlacesMax) return std::nullopt;
  if (rows_ % kRowsPerPiece == 0) {
    pieces_[rows_ / kRowsPerPiece].store(new Piece, std::memory_order_release);
  }
  return rows_++;
}

PlaceTag RunningCalls::take(bool alone) {
  const std::lock_guard lock(taking_);
  const auto row = free_row();
  if (!row) return {};
  const auto random = static_cast<std::uint32_t>(rng_.next() >> 32) | 1U << kRowBits;
  const PlaceTag place{(random & ~static_cast<std::uint32_t>(kPlacesMax - 1)) | *row};
  write(*row_of(place), Seen{place.value, alone, {}, {}});
  return place;
}

void RunningCalls::give_back(PlaceTag place) {
  if (place == PlaceTag{}) return;
  const std::lock_guard lock(taking_);
  write(*row_of(place), Seen{0, false, {}, {}});
  free_.push_back(place.value % kPlacesMax);
}

void RunningCalls::begin(PlaceTag place, const CallId& call, const Lineage& lineage) noexcept {
  if (place == PlaceTag{}) return;
  Row& row = *row_of(place);
  Seen seen = read(row);
  seen.call = call;
  seen.lineage = lineage;
  write(row, seen);
}

void RunningCalls::end(PlaceTag place) noexcept { begin(place, CallId{}, Lineage{}); }

std::optional<PlaceNow> RunningCalls::at(PlaceTag place) const noexcept {
  const Row* const row = row_of(place);
  if (row == nullptr || place == PlaceTag{}) return std::nullopt;
  const Seen seen = read(*row);
  if (seen.tag != place.value) return std::nullopt;
  return PlaceNow{seen.call, seen.lineage, seen.alone};
}

std::optional<Lineage> RunningCalls::lineage_of(const CallId& call) const noexcept {
  for (const auto& one : pieces_) {
    const Piece* const piece = one.load(std::memory_order_acquire);
    if (piece == nullptr) break;  // they are made in order
    for (const Row& row : *piece) {
      const Seen seen = read(row);
      if (seen.tag != 0 && seen.call == call) return seen.lineage;
    }
  }
  return std::nullopt;
}

std::optional<Lineage> RunningCalls::least_visited(FunctionTag function,
                                                   FunctionTag callee) const noexcept {
  std::optional<Lineage> least;
  const auto rank = [callee](const Lineage& lineage) {
    return std::pair(visits_of(lineage, callee), lineage.depth);
  };
  for (const auto& piece : pieces_) {
    const Piece* const rows = piece.load(std::memory_order_acquire);
    if (rows == nullptr) break;
    for (const Row& row : *rows) {
      const Seen seen = read(row);
      if (seen.call == CallId{} || last_hop(seen.lineage) != function) continue;
      if (!least || rank(seen.lineage) < rank(*least)) least = seen.lineage;
    }
  }
  return least;
}

}  // namespace convoke
