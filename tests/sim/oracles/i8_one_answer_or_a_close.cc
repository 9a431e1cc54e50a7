#include "tests/sim/oracles.h"

namespace convoke::sim {
namespace {

class OneAnswerOrAClose final : public Observer {
 public:
  explicit OneAnswerOrAClose(Court& court) : court_(court) {}

  void on_answer(const CallId& id, int) override {
    const Account* call = court_.ledger().find(id);
    if (call->answers > 1) court_.red("I8", "a request was answered twice: " + id.text());
    if (call->closed) court_.red("I8", "a request was answered after its close: " + id.text());
  }
  void at_rest(const std::string& /*left_over*/) override {
    for (const auto& [id, call] : court_.ledger().calls()) {
      const bool sent = !call.follows;
      if (sent && call.answers == 0 && !call.closed)
        court_.red("I8", "never answered: " + id.text());
    }
  }

 private:
  Court& court_;
};

}  // namespace

std::unique_ptr<Observer> one_answer_or_a_close(Court& court) {
  return std::make_unique<OneAnswerOrAClose>(court);
}

}  // namespace convoke::sim
