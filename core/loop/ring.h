// A bounded queue from many threads to one, without locks (after Vyukov's array queue).
//
// Each cell has a sequence number that says whose turn it is: equal to a position, the cell is free
// for the sender that claims that position; one more, its value is there for the receiver. So a
// sender touches one shared counter and its own cell. Values of one sender come out in the order in
// which it pushed them.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "core/model/error.h"

namespace convoke {

template <class Value>
class MpscRing {
 public:
  explicit MpscRing(std::size_t capacity)  // a power of two
      : mask_(capacity - 1), cells_(std::make_unique<Cell[]>(capacity)) {
    ENSURE(std::has_single_bit(capacity));
    for (std::size_t i = 0; i < capacity; ++i) cells_[i].sequence.store(i);
  }

  // Any thread. Moves from `value` when it returns true; false: full, and `value` is untouched.
  [[nodiscard]] bool push(Value& value) {
    std::size_t position = tail_.load(std::memory_order_relaxed);
    while (true) {
      Cell& cell = cells_[position & mask_];
      const std::size_t sequence = cell.sequence.load(std::memory_order_acquire);
      const auto ahead = static_cast<std::ptrdiff_t>(sequence - position);
      if (ahead < 0) return false;  // the receiver has not emptied it since the last round
      if (ahead > 0) {              // another sender was faster
        position = tail_.load(std::memory_order_relaxed);
        continue;
      }
      if (tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
        cell.value.emplace(std::move(value));
        cell.sequence.store(position + 1, std::memory_order_release);
        return true;
      }
    }
  }

  // The receiver's thread alone.
  [[nodiscard]] std::optional<Value> pop() {
    Cell& cell = cells_[head_ & mask_];
    if (cell.sequence.load(std::memory_order_acquire) != head_ + 1) return std::nullopt;
    std::optional<Value> value = std::move(cell.value);
    cell.value.reset();
    cell.sequence.store(head_ + mask_ + 1, std::memory_order_release);
    ++head_;
    return value;
  }

 private:
  static constexpr std::size_t kCacheLine = 64;

  struct Cell {
    std::atomic<std::size_t> sequence{0};
    std::optional<Value> value;
  };

  const std::size_t mask_;
  const std::unique_ptr<Cell[]> cells_;
  alignas(kCacheLine) std::atomic<std::size_t> tail_{0};
  alignas(kCacheLine) std::size_t head_ = 0;
};

}  // namespace convoke
