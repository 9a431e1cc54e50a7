// The whole way of asynchronous calls through the store on Redis, and a bare stream's beside it:
// accepted, claimed, ended, with so many under way. One thread, one connection.
//
//   redis_queue_bench UNIX_SOCKET store|stream CALLS EVENT_BYTES UNDER_WAY
//
// Prints calls per second. The server's CPU is the caller's to read (INFO).
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/loop/loop.h"
#include "core/loop/wires.h"
#include "queue/redis/store.h"

namespace convoke::redis {
namespace {

constexpr FunctionId kFunction{1};

struct Load {
  std::uint64_t calls = 0;
  std::size_t event_bytes = 0;
  std::size_t under_way = 0;
};

// Accepts as long as there is room under way; claims what is ready; ends what it claimed.
class ThroughTheStore final : public QueueListener {
 public:
  ThroughTheStore(const Load& load, Loop& loop, Wires& wires, LinkOptions link)
      : load_(load), loop_(loop) {
    Options options;
    options.prefix = "bench";
    options.durability = Durability::kServer;  // as the run has set it
    options.link = std::move(link);
    store_ = std::make_unique<RedisStore>(std::move(options), LinkWorld{wires, loop, loop.timers()},
                                          Rng::seeded(1), *this);
    loop.at_end_of_turn(EndOfTurn::kWork, [this] { turn(); });
  }
  void on_ready(FunctionId function) override { store_->claim(function, load_.under_way); }
  void on_claimed(FunctionId, std::vector<ClaimedCall> calls) override {
    for (const ClaimedCall& call : calls) {
      store_->settle(call.receipt, Settlement::kSucceeded, [this](SettleResult) {
        if (++ended_ == load_.calls) loop_.stop();
      });
    }
  }

 private:
  void turn() {
    while (store_->health().ok() && accepted_ < load_.calls &&
           accepted_ - ended_ < load_.under_way) {
      ++accepted_;
      NewCall call;
      call.id = CallId::made_at(loop_.wall(), rng_.next(), rng_.next());
      call.function = kFunction;
      call.event = std::string(load_.event_bytes, 'x');
      call.accepted = call.due = loop_.wall();
      store_->accept(std::move(call), [](const Result<void>&) {});
    }
    store_->submit();
  }

  const Load load_;
  Loop& loop_;
  Rng rng_ = Rng::seeded(2);
  std::uint64_t accepted_ = 0;
  std::uint64_t ended_ = 0;
  std::unique_ptr<RedisStore> store_;
};

// XADD; XREADGROUP, as many as are there; XACK and XDEL: no lease, no counts, no limits.
class ThroughAStream final : private ConnectionOwner {
 public:
  ThroughAStream(const Load& load, Loop& loop, Wires& wires, LinkOptions link)
      : load_(load),
        loop_(loop),
        connection_({wires, loop, loop.timers()}, std::move(link), {}, Rng::seeded(1), *this) {
    loop.at_end_of_turn(EndOfTurn::kWork, [this] { turn(); });
  }

 private:
  void on_ready() override {
    connection_.send(Command("XGROUP").arg("CREATE").arg("bare").arg("e").arg("0").arg("MKSTREAM"),
                     [](const Answer&) {});
  }
  void on_lost(const Error&) override {}

  void turn() {
    const std::string event(load_.event_bytes, 'x');
    while (connection_.ready() && accepted_ < load_.calls && accepted_ - ended_ < load_.under_way) {
      ++accepted_;
      connection_.send(Command("XADD").arg("bare").arg("*").arg("c").arg(event),
                       [this](const Answer&) { ++ready_; });
    }
    if (ready_ > 0) read();
    connection_.flush();
  }
  void read() {
    Command command("XREADGROUP");
    command.arg("GROUP").arg("e").arg("1").arg("COUNT").arg(ready_);
    command.arg("STREAMS").arg("bare").arg(">");
    ready_ = 0;
    connection_.send(command, [this](const Answer& answer) {
      const Reply entries = answer.reply[0][1];
      Command ack("XACK");
      ack.arg("bare").arg("e");
      Command gone("XDEL");
      gone.arg("bare");
      for (std::size_t i = 0; i < entries.size(); ++i) {
        ack.arg(entries[i][0].text());
        gone.arg(entries[i][0].text());
      }
      if (entries.size() == 0) return;
      connection_.send(ack, [](const Answer&) {});
      connection_.send(gone, [this, n = entries.size()](const Answer&) {
        ended_ += n;
        if (ended_ >= load_.calls) loop_.stop();
      });
    });
  }

  const Load load_;
  Loop& loop_;
  std::uint64_t accepted_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t ready_ = 0;
  Connection connection_;
};

template <class Way>
double rate(const Load& load, const std::string& socket) {
  Loop loop;
  LoopWires wires(loop);
  LinkOptions link;
  link.target.address = {Address::Kind::kUnix, socket, 0};
  auto way = std::make_unique<Way>(load, loop, wires, std::move(link));
  const Instant began = loop.now();
  loop.run();
  const std::chrono::duration<double> took = loop.now() - began;
  way.reset();
  while (loop.active_handles() > 0) {
    loop.turn_again();
    loop.run_one_turn();
  }
  return static_cast<double>(load.calls) / took.count();
}

}  // namespace
}  // namespace convoke::redis

int main(int argc, char** argv) {
  using namespace convoke::redis;
  if (argc != 6) {
    std::fprintf(stderr,
                 "usage: redis_queue_bench UNIX_SOCKET store|stream CALLS EVENT_BYTES UNDER_WAY\n");
    return 2;
  }
  const Load load{std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10),
                  std::strtoull(argv[5], nullptr, 10)};
  const bool store = std::string_view(argv[2]) == "store";
  const double calls =
      store ? rate<ThroughTheStore>(load, argv[1]) : rate<ThroughAStream>(load, argv[1]);
  std::printf("%.0f\n", calls);
}
