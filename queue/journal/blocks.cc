#include "queue/journal/blocks.h"

namespace convoke::journal {

Result<Blocks::Place> Blocks::write(std::string_view bytes) {
  ENSURE(bytes.size() <= space_.block_bytes);
  if (file_ == nullptr) {
    auto made = space_.make();
    if (!made.ok()) return std::move(made).error();
    file_ = std::move(*made);
  }
  const Place place = free_.empty() ? end_ : free_.back();
  if (auto written = file_->write(offset_of(place), bytes); !written.ok()) {
    return std::move(written).error();
  }
  if (free_.empty()) {
    ++end_;
  } else {
    free_.pop_back();
  }
  return place;
}

// Half a block is worse than none.
void Blocks::rewrite(Place place, std::string_view bytes) {
  auto written = file_->write(offset_of(place), bytes);
  if (!written.ok() && !failure_) failure_ = std::move(written).error();
}

std::string Blocks::read(Place place, std::size_t size) {
  if (failure_) return {};
  auto bytes = file_->read(offset_of(place), size);
  if (bytes.ok()) return *std::move(bytes);
  failure_ = std::move(bytes).error();
  return {};
}

void Blocks::announce(Place place, std::size_t size) { file_->announce(offset_of(place), size); }

void Blocks::free(Place place) {
  free_.push_back(place);
  if (used() > 0) return;
  free_.clear();
  end_ = 0;
  file_->clear();
}

}  // namespace convoke::journal
