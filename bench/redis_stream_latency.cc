// How long a bare stream on Redis takes from XADD to the reader, at a steady rate: the floor of
// any queue that is made of one. hiredis' blocking calls, a thread that adds and one that reads
// (XREADGROUP, XACK, XDEL), a connection each.
//
//   redis_stream_latency UNIX_SOCKET CALLS PER_SECOND EVENT_BYTES
//
// Prints how many were read, and the p50 and p99 (us).
#include <hiredis/hiredis.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

struct Load {
  const char* socket;
  std::size_t calls;
  std::size_t per_second;
  std::size_t event_bytes;
};

class Client {
 public:
  explicit Client(const char* socket) : context_(redisConnectUnix(socket), &redisFree) {
    if (context_ == nullptr || context_->err != 0) fail("cannot connect");
  }
  Reply ask(const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    Reply reply(static_cast<redisReply*>(redisCommandArgv(
                    context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data())),
                &freeReplyObject);
    if (reply == nullptr || reply->type == REDIS_REPLY_ERROR) fail(words[0].c_str());
    return reply;
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    std::fprintf(stderr, "redis_stream_latency: %s\n", what);
    std::exit(1);
  }
  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
};

long long now_ns() { return Clock::now().time_since_epoch().count(); }

void add(const Load& load) {
  Client client(load.socket);
  const std::chrono::nanoseconds every(1'000'000'000 / load.per_second);
  auto next = Clock::now();
  for (std::size_t i = 0; i < load.calls; ++i, next += every) {
    std::this_thread::sleep_until(next);
    std::string event = std::to_string(now_ns());
    event.resize(load.event_bytes, ' ');
    client.ask({"XADD", "bare", "*", "c", event});
  }
}

// Notes how long each entry took; acknowledges and removes them.
void take(Client& client, const redisReply& entries, std::vector<long long>& took) {
  const long long now = now_ns();
  std::vector<std::string> ack{"XACK", "bare", "e"};
  std::vector<std::string> gone{"XDEL", "bare"};
  for (std::size_t i = 0; i < entries.elements; ++i) {
    const redisReply& entry = *entries.element[i];
    took.push_back(now - std::strtoll(entry.element[1]->element[1]->str, nullptr, 10));
    ack.emplace_back(entry.element[0]->str);
    gone.emplace_back(entry.element[0]->str);
  }
  client.ask(ack);
  client.ask(gone);
}

std::vector<long long> read_all(const Load& load) {
  Client client(load.socket);
  std::vector<long long> took;
  while (took.size() < load.calls) {
    const Reply reply = client.ask(
        {"XREADGROUP", "GROUP", "e", "1", "COUNT", "64", "BLOCK", "0", "STREAMS", "bare", ">"});
    if (reply->elements == 1) take(client, *reply->element[0]->element[1], took);
  }
  return took;
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
  if (argc != 5 || number(2) == 0 || number(3) == 0) {
    std::fprintf(stderr, "usage: redis_stream_latency UNIX_SOCKET CALLS PER_SECOND EVENT_BYTES\n");
    return 2;
  }
  const Load load{argv[1], number(2), number(3), std::max<std::size_t>(number(4), 20)};
  Client(load.socket).ask({"XGROUP", "CREATE", "bare", "e", "0", "MKSTREAM"});
  std::thread adding([&load] { add(load); });
  std::vector<long long> took = read_all(load);
  adding.join();
  std::sort(took.begin(), took.end());
  const auto at = [&took](std::size_t percent) {
    return static_cast<double>(took[took.size() * percent / 100]) / 1e3;
  };
  std::printf("%zu %.0f %.0f\n", took.size(), at(50), at(99));
}
