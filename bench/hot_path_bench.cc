// Each step of a call's way by itself: nanoseconds for orientation, not a gate.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"
#include "core/guard/admission.h"
#include "core/guard/gate.h"
#include "core/guard/lineage.h"
#include "core/guard/lineage_token.h"
#include "core/guard/recursion.h"
#include "core/guard/root_ledger.h"
#include "core/guard/token_reader.h"
#include "core/http/parser.h"
#include "core/model/ids.h"

namespace {
std::uint64_t allocations = 0;
}  // namespace

// Not inlined: g++ takes the malloc in one and the free in another for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const place = std::malloc(size)) return place;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* place) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete(void* place, std::size_t) noexcept { std::free(place); }

namespace convoke {
namespace {

const std::string kRequest =
    "POST /2016-08-15/services/default/functions/hello/invocations HTTP/1.1\r\n"
    "Host: 127.0.0.1:7070\r\nContent-Length: 5\r\n\r\nhello";

void ParseRequest(benchmark::State& state) {
  const http::ParserLimits limits;
  http::Parser parser(http::Parser::Kind::kRequest, limits);
  for (auto _ : state) {
    std::string_view rest = kRequest;
    while (true) {
      const auto step = parser.advance(rest);
      rest.remove_prefix(step.consumed);
      if (step.event == http::Parser::Event::kMessage) break;
    }
    benchmark::DoNotOptimize(parser.body());
    parser.next_message();
  }
}
BENCHMARK(ParseRequest);

void AdmitRequest(benchmark::State& state) {
  http::RequestHead head;
  head.method = "POST";
  head.target = "/2016-08-15/services/default/functions/hello/invocations";
  head.headers.add("Host", "127.0.0.1:7070");
  head.headers.add("Content-Length", "5");
  const Anonymous anybody;
  for (auto _ : state) {
    auto who = admit_request(head, anybody);
    auto order = read_order(head.headers);
    benchmark::DoNotOptimize(who);
    benchmark::DoNotOptimize(order);
  }
}
BENCHMARK(AdmitRequest);

void TakeAndFreeASlot(benchmark::State& state) {
  Gate gate(2);
  const ShardIndex here{0};
  gate.free_slot(here);
  for (auto _ : state) {
    benchmark::DoNotOptimize(gate.take_slot(here));
    benchmark::DoNotOptimize(gate.next_waiter());
    gate.free_slot(here);
  }
}
BENCHMARK(TakeAndFreeASlot);

void ScheduleAndCancelAmongAMillion(benchmark::State& state) {
  TimerWheel wheel(Instant{});
  Rng rng = Rng::seeded(1);
  std::vector<std::unique_ptr<Timer>> timers;
  const auto due = [&] {
    return Instant{} + Millis{static_cast<std::int64_t>(1 + rng.below(86'400'000))};
  };
  const auto nothing = [](void*) {};
  for (int i = 0; i < 1'000'000; ++i) {
    timers.push_back(std::make_unique<Timer>(nullptr, nothing));
    wheel.schedule(*timers.back(), due());
  }
  Timer one(nullptr, nothing);
  for (auto _ : state) {
    wheel.schedule(one, due());
    wheel.cancel(one);
  }
}
BENCHMARK(ScheduleAndCancelAmongAMillion);

// What a call costs that a function makes: its caller's token, and its own.
template <class Open>
void check_and_mint(benchmark::State& state, const LineageSeal& seal, Open open) {
  LineageToken caller;
  caller.lineage = root_lineage(CallId::from_random(1, 2), FunctionId{1});
  for (std::uint64_t i = 2; i < 12; ++i) {
    caller.lineage =
        child_lineage(caller.lineage, CallId::from_random(i, i), FunctionId{i % 3 + 1});
  }
  caller.call = CallId::from_random(3, 4);
  caller.deadline = WallTime{Seconds{2}};
  const LineageText text = seal.seal(caller);
  const CallId id = CallId::from_random(5, 6);
  const std::uint64_t before = allocations;
  for (auto _ : state) {
    const auto opened = open(view_of(text));
    const Lineage lineage = called_with(*opened, std::nullopt, WallTime{}, id, FunctionId{2});
    benchmark::DoNotOptimize(judge_recursion(lineage, {}));
    LineageText minted = seal.seal({lineage, id, PlaceTag{7}, WallTime{Seconds{3}}});
    benchmark::DoNotOptimize(minted);
  }
  state.counters["allocations"] = static_cast<double>(allocations - before);
}

const LineageSeal kSeal("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");

void CheckAndMintALineage(benchmark::State& state) {
  check_and_mint(state, kSeal, [](std::string_view text) { return kSeal.open(text); });
}
BENCHMARK(CheckAndMintALineage);

// A token that its connection has brought before.
void KnowAndMintALineage(benchmark::State& state) {
  TokenReader reader(kSeal);
  check_and_mint(state, kSeal, [&reader](std::string_view text) { return reader.open(text); });
}
BENCHMARK(KnowAndMintALineage);

// What a child costs its root, which is known: an attempt begins and ends.
void ChargeARoot(benchmark::State& state) {
  RootLedger ledger;
  const CallId root = CallId::from_random(1, 2);
  const RootLedger::Child child{root, CallId::from_random(3, 4), root, FunctionId{2},
                                FunctionId{1}};
  const Budget budget{Budget::kMax, Budget::kMax, Budget::kMax};
  const auto begin = [&] {
    return ledger.begin(child, budget, Attempting::kFirst, RootLedger::Past::kStops, WallTime{});
  };
  benchmark::DoNotOptimize(begin());
  const std::uint64_t before = allocations;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ledger.spent(root));
    benchmark::DoNotOptimize(begin());
    ledger.end(child, TreeState::kSucceeded, Millis{1}, WallTime{});
  }
  state.counters["allocations"] = static_cast<double>(allocations - before);
}
BENCHMARK(ChargeARoot);

void MakeACallId(benchmark::State& state) {
  Rng rng = Rng::seeded(1);
  for (auto _ : state) benchmark::DoNotOptimize(CallId::from_random(rng.next(), rng.next()).text());
}
BENCHMARK(MakeACallId);

}  // namespace
}  // namespace convoke

BENCHMARK_MAIN();
