// Commands from bytes, as clients send them: arrays of bulk strings, cut anywhere.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tests/redis_stand_in/arguments.h"

namespace convoke::stand_in {

class Requests {
 public:
  void feed(std::string_view bytes) { bytes_ += bytes; }
  // The next one; nullopt: it is not whole yet, or broken().
  [[nodiscard]] std::optional<Words> next();
  [[nodiscard]] bool broken() const { return broken_; }  // for good

 private:
  // A line "*3" or "$12" at `at`, which moves behind it.
  [[nodiscard]] std::optional<std::size_t> count_at(std::size_t& at, char kind);
  [[nodiscard]] std::optional<std::string> bulk_at(std::size_t& at);

  std::string bytes_;
  bool broken_ = false;
};

}  // namespace convoke::stand_in
