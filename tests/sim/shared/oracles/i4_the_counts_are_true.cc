#include <fmt/format.h>

#include "tests/sim/shared/oracles.h"

namespace convoke::sim::shared {
namespace {

class TheCountsAreTrue final : public Observer {
 public:
  explicit TheCountsAreTrue(const Evidence& evidence) : evidence_(evidence) {}

  void on_look() override {
    for (const FunctionId line : evidence_.books.lines()) {
      const LineCounts counts = evidence_.books.counts(line);
      if (counts.accepted != counts.waiting + counts.settled) {
        red(line, fmt::format("accepted {} != waiting {} + settled {}", counts.accepted,
                              counts.waiting, counts.settled));
      }
      if (counts.claimed != counts.held) {
        red(line, fmt::format("claimed {}, but {} are held", counts.claimed, counts.held));
      }
    }
  }
  void at_rest(const std::string&) override {
    on_look();
    for (const FunctionId line : evidence_.books.lines()) {
      const LineCounts counts = evidence_.books.counts(line);
      if (counts.waiting > 0) red(line, fmt::format("{} calls are left", counts.waiting));
    }
  }

 private:
  void red(FunctionId line, const std::string& what) {
    evidence_.court.red("I4", fmt::format("line {:#x}: {}", line.value, what));
  }

  const Evidence evidence_;
};

}  // namespace

std::unique_ptr<Observer> the_counts_are_true(const Evidence& evidence) {
  return std::make_unique<TheCountsAreTrue>(evidence);
}

}  // namespace convoke::sim::shared
