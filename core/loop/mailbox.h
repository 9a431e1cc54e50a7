// The mailboxes of an engine: a bounded ring per shard, and a uv_async_t that wakes its loop.
//
// Mailboxes is made before the shards' threads and outlives them. Each shard opens its own box
// once, on its own thread, and holds the Mail it gets; letters posted to it earlier wait in the
// box. Destroying the Mail closes the box: nothing is delivered any more, and senders notice
// nothing.
#pragma once

#include <uv.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/edge/mailbox.h"
#include "core/loop/handle.h"
#include "core/loop/loop.h"
#include "core/loop/ring.h"

namespace convoke {

// A receiver looks into its box every turn, some milliseconds apart at the worst; half a million
// letters a second would be 5,000 in 10 ms.
inline constexpr std::size_t kMailboxCapacity = 8192;
// Letters handled in one turn, so that a flood of mail does not hold up the sockets.
inline constexpr std::size_t kLettersPerTurn = 1024;

template <class Letter>
class Mailboxes {
 public:
  using Handler = std::function<void(Letter)>;

  explicit Mailboxes(std::uint16_t shards, std::size_t capacity = kMailboxCapacity) {
    ENSURE(shards > 0 && shards <= kShardsMax);
    for (std::uint16_t i = 0; i < shards; ++i) boxes_.push_back(std::make_unique<Box>(capacity));
  }

  // `handler` gets each letter, on the loop's thread; it must not destroy the Mail.
  [[nodiscard]] std::unique_ptr<Mail<Letter>> open(ShardIndex self, Loop& loop, Handler handler) {
    return std::make_unique<Desk>(boxes_, self, loop, std::move(handler));
  }

 private:
  struct Box {
    explicit Box(std::size_t capacity) : ring(capacity) {}

    // Wakes the receiver unless that is under way: one uv_async_send for a whole burst. The lock is
    // taken only then; it keeps the handle from being closed meanwhile.
    void signal() {
      if (signalled.exchange(true, std::memory_order_acq_rel)) return;
      const std::lock_guard lock(mutex);
      if (wake) uv_async_send(wake.get());
    }

    MpscRing<Letter> ring;
    std::atomic<bool> signalled{false};
    std::mutex mutex;  // guards `wake`
    HandleOwner<uv_async_t> wake;
  };
  using Boxes = std::vector<std::unique_ptr<Box>>;

  class Desk final : public Mail<Letter> {
   public:
    Desk(Boxes& boxes, ShardIndex self, Loop& loop, Handler handler)
        : boxes_(boxes), box_(*boxes.at(self.value)), self_(self), handler_(std::move(handler)) {
      const std::lock_guard lock(box_.mutex);
      ENSURE(!box_.wake);
      const int status = open_handle(box_.wake, this, [&](uv_async_t* wake) {
        return uv_async_init(loop.uv(), wake, [](uv_async_t* woken) {
          if (auto* desk = owner_of<Desk>(woken)) desk->deliver();
        });
      });
      ENSURE(status == 0);
      box_.signalled = true;
      uv_async_send(box_.wake.get());  // for what came before
    }

    ~Desk() override {
      ENSURE(!delivering_);
      const std::lock_guard lock(box_.mutex);
      box_.wake.reset();
    }

    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    [[nodiscard]] Posted post(ShardIndex to, Letter& letter) override {
      Box& box = *boxes_.at(to.value);
      if (!box.ring.push(letter)) return Posted::kFull;
      box.signal();
      return Posted::kYes;
    }
    [[nodiscard]] std::uint16_t shards() const override {
      return static_cast<std::uint16_t>(boxes_.size());
    }
    [[nodiscard]] ShardIndex self() const override { return self_; }

   private:
    void deliver() {
      // Before looking: whoever posts from now on signals again.
      box_.signalled.exchange(false, std::memory_order_acq_rel);
      delivering_ = true;
      std::size_t delivered = 0;
      for (; delivered < kLettersPerTurn; ++delivered) {
        std::optional<Letter> letter = box_.ring.pop();
        if (!letter) break;
        handler_(*std::move(letter));
      }
      delivering_ = false;
      if (delivered == kLettersPerTurn) box_.signal();
    }

    Boxes& boxes_;
    Box& box_;
    ShardIndex self_;
    Handler handler_;
    bool delivering_ = false;
  };

  Boxes boxes_;
};

}  // namespace convoke
