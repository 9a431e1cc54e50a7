// Prometheus' text format, line by line. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace convoke {

class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  // Before the samples of a metric, once. `type`: "counter" or "gauge".
  void metric(std::string_view name, std::string_view type, std::string_view help);
  // Of the last metric named. Label values are escaped; names must be legal.
  void sample(const Labels& labels, double value);
  void sample(const Labels& labels, std::int64_t value);

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void line(const Labels& labels, std::string_view value);

  std::string text_;
  std::string name_;
};

}  // namespace convoke
