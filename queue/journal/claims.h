// Claims on their way: each is answered once, when the events that were not in memory have been
// read back from the journal. Shard thread only; the index outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue/journal/index.h"
#include "queue/queue.h"

namespace convoke::journal {

class Claims {
 public:
  using Answer = std::function<void(FunctionId, std::vector<ClaimedCall>)>;
  using Unreadable = std::function<void(Slot, const std::string& why)>;  // it is not handed out
  Claims(Index& index, Answer answer, Unreadable unreadable)
      : index_(index), answer_(std::move(answer)), unreadable_(std::move(unreadable)) {}

  struct Taken {
    ClaimedCall call;
    Slot slot = kNoSlot;
    bool has_event = false;
  };
  void begin(FunctionId function, std::vector<Taken> taken);
  [[nodiscard]] bool empty() const { return waiting_.empty(); }  // none waits for a read

 private:
  struct Claim {
    FunctionId function;
    std::vector<Taken> taken;
    std::size_t reads = 0;
  };
  void read(std::uint64_t claim, std::size_t position, Slot slot);
  void on_read(std::uint64_t claim, std::size_t position, const Location& from,
               const Result<std::string>& bytes);
  void answer(Claim claim);

  Index& index_;
  Answer answer_;
  Unreadable unreadable_;
  std::unordered_map<std::uint64_t, Claim> waiting_;
  std::uint64_t next_ = 1;
};

}  // namespace convoke::journal
