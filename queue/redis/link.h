// A connection to a Redis server that is kept up: made (over TLS, if so asked), greeted (AUTH,
// SELECT, CLIENT SETNAME, PING), watched, and made again after it was lost.
//
//     connecting --> greeting --> up
//         ^              |         |    lost, refused, no RESP, or silent for `patience`
//         +-- back-off <-+---------+    while something is expected of it
//
// A host's name is resolved anew for each connection; of several addresses the next one is tried
// after one by which it could not be brought up. `patience` is for all of it, the TLS handshake
// too.
//
// The back-off doubles from kBackOffFirst to kBackOffMax, each time between half and the whole of
// it, and begins anew once the link was up.
//
// Threads: one shard's. Its world outlives it. Callbacks never run from inside a call made here.
// It may be destroyed in any of them; destroying it closes the connection and promises silence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/rng.h"
#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "core/model/error.h"
#include "queue/redis/greeting.h"
#include "queue/redis/reply_reader.h"
#include "queue/redis/target.h"

namespace convoke::redis {

inline constexpr Millis kBackOffFirst{100};
inline constexpr Millis kBackOffMax{5'000};

// `failures` in a row so far, at least 1.
[[nodiscard]] Millis back_off(std::uint32_t failures, Rng& rng);

// The machine's time, also where calls live by a virtual one.
struct LinkWorld {
  Wires& wires;
  const Clock& clock;
  TimerWheel& wheel;
};

struct LinkOptions {
  Target target;
  std::string name;                 // as CLIENT LIST shows it: no blanks; empty: none
  Duration patience = Seconds{10};  // with a silent server: to connect and greet, and for replies
  ReplyLimits replies;
  // Where it is now, asked before each attempt: of a cluster, any of its servers. Null: the
  // target's address.
  std::function<Address()> where = nullptr;
};

class LinkHandler {
 public:
  virtual ~LinkHandler() = default;
  virtual void on_up() = 0;
  virtual void on_reply(const Reply& reply) = 0;
  // It was up, or could not be made. Of all that write() took since it was up, at least so many of
  // the last bytes were not read by the server, and never will be. Tries again by itself.
  virtual void on_down(const Error& why, std::size_t never_read) = 0;
};

class Link final : private WireHandler {
 public:
  Link(const LinkWorld& world, LinkOptions options, Rng rng, LinkHandler& handler);
  ~Link() override = default;
  Link(const Link&) = delete;  // the wire and the wheel hold our address
  Link& operator=(const Link&) = delete;

  [[nodiscard]] bool up() const { return state_ == State::kUp; }
  // While up. `replies` are expected of it; while any is, silence ends the link.
  void write(std::string bytes, std::size_t replies);
  // From on_reply alone: this is not what we asked. Ends the connection; on_down comes at once.
  void reject(std::string_view why) { fail(why); }
  [[nodiscard]] const LinkOptions& options() const { return options_; }

 private:
  enum class State : std::uint8_t { kDown, kConnecting, kGreeting, kUp };

  void on_connected() override;
  void on_bytes(std::string_view bytes) override;
  void on_eof() override;
  void on_closed(const Error& why) override;

  void connect();
  void on_found(const Result<std::vector<Address>>& found);
  void connect_to(const Address& address);
  void on_silence();
  void take(const Reply& reply);
  void take_greeting(const Reply& reply);
  void watch();
  void fail(std::string_view why);

  const LinkWorld world_;
  const LinkOptions options_;
  Target at_;  // options_.target, where it is now
  Rng rng_;
  LinkHandler& handler_;

  State state_ = State::kDown;
  std::uint32_t failures_ = 0;  // in a row
  std::size_t turn_ = 0;        // which of a name's addresses is tried
  std::size_t expected_ = 0;    // replies
  std::optional<Greeting> greeting_;
  // Of this connection. Whoever reads holds it too, and stops when nobody else does.
  std::shared_ptr<ReplyReader> reader_;
  std::unique_ptr<Lookup> lookup_;
  std::unique_ptr<Wire> wire_;
  Timer silence_ = timer_for<&Link::on_silence>(this);
  Timer reconnect_ = timer_for<&Link::connect>(this);
};

}  // namespace convoke::redis
