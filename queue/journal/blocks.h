// Blocks of bytes in a scratch file, which is made when the first one is written.
//
// A read that fails is final: what stood there is out of reach until the next start, which finds
// all of it in the journals. From then on nothing is read; failure() says why.
//
// Shard thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/edge/scratch_file.h"

namespace convoke::journal {

// Where blocks go, and how long they are: so that one costs little per call that it holds, and is
// read at once. The longest note fits in one (kBlockBytesMin).
struct ScratchSpace {
  std::function<Result<std::unique_ptr<ScratchFile>>()> make;
  std::size_t block_bytes = 16UL << 10;
};
inline constexpr std::size_t kBlockBytesMin = 2048;

class Blocks {
 public:
  using Place = std::uint32_t;
  explicit Blocks(ScratchSpace space) : space_(std::move(space)) {
    ENSURE(space_.block_bytes >= kBlockBytesMin);
  }

  [[nodiscard]] std::size_t block_bytes() const { return space_.block_bytes; }
  [[nodiscard]] Result<Place> write(std::string_view bytes);      // at most block_bytes()
  void rewrite(Place place, std::string_view bytes);              // as long as before
  [[nodiscard]] std::string read(Place place, std::size_t size);  // empty: failure()
  void announce(Place place, std::size_t size);                   // it will be read soon
  void free(Place place);
  [[nodiscard]] std::size_t used() const { return end_ - free_.size(); }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  [[nodiscard]] std::uint64_t offset_of(Place place) const {
    return std::uint64_t{place} * space_.block_bytes;
  }

  ScratchSpace space_;
  std::unique_ptr<ScratchFile> file_;
  std::vector<Place> free_;
  Place end_ = 0;  // places given out so far, the freed ones with them
  std::optional<Error> failure_;
};

}  // namespace convoke::journal
