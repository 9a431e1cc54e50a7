#include "core/guard/shared/ledger_exchange.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace convoke {

extern const std::string_view charge_lua;  // NOLINT(readability-identifier-naming): the file's name

const redis::Script& charge_script() {
  static const redis::Script script(charge_lua);
  return script;
}

LedgerExchange::LedgerExchange(redis::LinkOptions link, std::string prefix,
                               const redis::LinkWorld& world, RootLedger& ledger, Rng rng,
                               Post post)
    : prefix_(std::move(prefix)),
      clock_(world.clock),
      wheel_(world.wheel),
      ledger_(ledger),
      post_(std::move(post)),
      server_(world, std::move(link), rng, *this) {
  ledger_.share(
      [this](RootLedger::Urgency urgency) { post_([this, urgency] { on_charges(urgency); }); });
}

LedgerExchange::~LedgerExchange() { ledger_.share(nullptr); }

void LedgerExchange::on_charges(RootLedger::Urgency urgency) {
  const bool late = !last_ || clock_.now() - *last_ >= kExchangeEvery;
  if (late || urgency == RootLedger::Urgency::kNow) return exchange();
  if (!tick_.scheduled()) wheel_.schedule(tick_, *last_ + kExchangeEvery);
}

void LedgerExchange::exchange() {
  again_ = under_way_ > 0;
  if (again_ || !server_.ready()) return;
  tick_.cancel();
  last_ = clock_.now();
  const std::vector<RootLedger::Charges> all = ledger_.take_charges(kExchangeMax);
  again_ = all.size() == kExchangeMax;
  under_way_ = all.size();
  for (const RootLedger::Charges& charges : all) tell(charges);
}

void LedgerExchange::tell(const RootLedger::Charges& charges) {
  const std::string root = fmt::format("{{{}:root:{}}}", prefix_, charges.root.text());
  redis::Command command = charge_script().call(2);
  command.arg(root + ":s").arg(root + ":c");
  command.arg(charges.more.invocations).arg(charges.more.attempts).arg(charges.more.running_ms);
  command.arg(kSumsKept.count()).arg(0);
  server_.call(charge_script(), std::move(command),
               [this, charges](const redis::Answer& answer) { on_told(charges, answer); });
}

void LedgerExchange::on_told(const RootLedger::Charges& charges, const redis::Answer& answer) {
  const auto sum = [&answer](std::size_t i) {
    return static_cast<std::uint64_t>(answer.reply[i].integer().value_or(0));
  };
  if (answer.ok()) {
    ledger_.learn(charges.root, {sum(0), sum(1), sum(2)});
  } else {
    ledger_.put_back(charges);
  }
  --under_way_;
  if (under_way_ == 0 && again_) exchange();
}

}  // namespace convoke
