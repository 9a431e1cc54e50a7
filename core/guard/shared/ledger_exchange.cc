#include "core/guard/shared/ledger_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace convoke {

extern const std::string_view charge_lua;  // NOLINT(readability-identifier-naming): the file's name

const redis::Script& charge_script() {
  static const redis::Script script(charge_lua);
  return script;
}

namespace {

std::string_view key_of(const CallId& id) {
  return {reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size()};
}

std::optional<CallId> id_of(std::string_view key) {
  std::array<std::uint8_t, 16> bytes{};
  if (key.size() != bytes.size()) return std::nullopt;
  std::copy(key.begin(), key.end(), bytes.begin());
  return CallId::from_bytes(bytes);
}

// Of HMGET.
Spent spent_in(const redis::Reply& sums) {
  const auto number = [&sums](std::size_t i) {
    return static_cast<std::uint64_t>(sums[i].integer().value_or(0));
  };
  return {number(0), number(1), number(2)};
}

// Of HGETALL.
std::vector<TreeCall> calls_in(const redis::Reply& fields) {
  std::vector<TreeCall> calls;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    const auto id = id_of(fields[i].text());
    const auto call = id ? unpack_tree_call(*id, fields[i + 1].text()) : std::nullopt;
    if (call) calls.push_back(*call);
  }
  return calls;
}

}  // namespace

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

std::string LedgerExchange::root_key(const CallId& root) const {
  return fmt::format("{{{}:root:{}}}", prefix_, root.text());
}

void LedgerExchange::tell(const RootLedger::Charges& charges) {
  const std::string root = root_key(charges.root);
  redis::Command command = charge_script().call(2);
  command.arg(root + ":s").arg(root + ":c");
  command.arg(charges.more.invocations).arg(charges.more.attempts).arg(charges.more.running_ms);
  command.arg(kSumsKept.count()).arg(CallTree::kCallsMax);
  for (const TreeCall& call : charges.calls) command.arg(key_of(call.id)).arg(pack(call));
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
    failed_ = true;
  }
  if (--under_way_ > 0) return;
  if (!std::exchange(failed_, false)) {
    if (again_) exchange();
  } else if (!tick_.scheduled()) {
    wheel_.schedule(tick_, clock_.now() + kExchangeEvery);
  }
}

// ---- looking ----

void LedgerExchange::look(const CallId& root, Seen seen) {
  const auto tree = std::make_shared<RootLedger::Tree>(RootLedger::Tree{root, {}, {}});
  if (!server_.ready()) return seen(*tree);
  const std::string key = root_key(root);
  server_.ask(redis::Command("HMGET").arg(key + ":s").arg("invocations").arg("attempts").arg("ms"),
              [tree](const redis::Answer& answer) {
                if (answer.ok()) tree->spent = spent_in(answer.reply);
              });
  server_.ask(redis::Command("HGETALL").arg(key + ":c"),
              [tree, seen = std::move(seen)](const redis::Answer& answer) {
                if (answer.ok()) tree->calls = calls_in(answer.reply);
                seen(std::move(*tree));
              });
}

}  // namespace convoke
