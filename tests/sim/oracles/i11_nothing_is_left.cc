#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

class NothingIsLeft final : public Observer {
 public:
  explicit NothingIsLeft(Court& court) : court_(court) {}

  void at_rest(const std::string& left_over) override {
    if (!left_over.empty()) court_.red("I11", "left at the end: " + left_over);
  }

 private:
  Court& court_;
};

}  // namespace

std::unique_ptr<Observer> nothing_is_left(Court& court) {
  return std::make_unique<NothingIsLeft>(court);
}

}  // namespace convoke::sim
