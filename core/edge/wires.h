// Byte streams to the world: TCP and Unix-socket connections and listeners.
//
// Threads: everything here belongs to one shard and is used on its thread alone. Callbacks run on
// that thread, never from inside a call made here.
//
// Lifetime: whoever holds the Wire owns the connection. Destroying it closes the connection at once
// (unsent output is dropped) and promises that its handler hears nothing more; the handle beneath
// lives on by itself until the loop has let go of it. So no callback can reach an owner that is
// gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.h"

namespace convoke {

// A numeric address: names are looked up first (Wires::look_up).
struct Address {
  enum class Kind { kTcp, kUnix };
  Kind kind = Kind::kTcp;
  std::string host;        // IPv4 or IPv6 literal (no brackets), or the path of a Unix socket
  std::uint16_t port = 0;  // 0 on listen: any free port

  // "127.0.0.1:7070", "[::1]:7070", "unix:/path".
  [[nodiscard]] static Result<Address> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_loopback() const;  // Unix sockets count as loopback
};

class WireHandler {
 public:
  virtual ~WireHandler() = default;
  virtual void on_connected() {}  // outgoing connections only
  // The bytes are valid during the call only.
  virtual void on_bytes(std::string_view bytes) = 0;
  virtual void on_drained() {}  // buffered() has fallen to kOutputLow or below, after being above
  virtual void on_eof() = 0;    // the peer will send no more; writing may still work
  virtual void on_closed(const Error& why) = 0;  // failed or reset: last call; the Wire is dead
};

class Wire {
 public:
  static constexpr std::size_t kOutputHigh = 256 * 1024;  // above it, senders should hold back
  static constexpr std::size_t kOutputLow = 64 * 1024;

  virtual ~Wire() = default;
  virtual void attach(WireHandler& handler) = 0;  // before the first turn ends after on_accept
  // Corked until the turn ends: all writes of a turn leave in one system call where they fit.
  virtual void write(std::string bytes) = 0;
  [[nodiscard]] virtual std::size_t buffered() const = 0;  // bytes written here, not yet sent
  // Of all that was written here, at least so many of the last bytes have not been read by the
  // peer: the kernel never took them or, on a Unix socket, says that the peer closed with bytes of
  // ours unread (a reset TCP connection says nothing of the kind: SO_LINGER). While the connection
  // lives, what is buffered counts and may yet be sent; once it has ended, that is for ever.
  [[nodiscard]] virtual std::size_t never_read() const = 0;
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  virtual void shutdown() = 0;  // after all that was written: no more output; reading goes on
  [[nodiscard]] virtual std::string peer() const = 0;  // "127.0.0.1:5123", for logs; may be empty
};

class AcceptHandler {
 public:
  virtual ~AcceptHandler() = default;
  virtual void on_accept(std::unique_ptr<Wire> wire) = 0;
};

// What becomes of connections that nobody has accepted when we stop accepting.
enum class Unaccepted : std::uint8_t {
  kAnswer,  // accepted at once and answered: nobody comes after us
  kLeave,   // they wait: somebody else holds the socket, and will accept them
};

class Listener {
 public:
  virtual ~Listener() = default;                            // stops accepting
  [[nodiscard]] virtual Address local_address() const = 0;  // with the port that was given
  // Hands over, before it returns, the connections that the kernel holds for us: destroying the
  // last listener on a socket resets them. Where there is no kernel, none wait.
  virtual void accept_waiting() {}
};

// A name's addresses, being asked for. Destroying it promises silence.
class Lookup {
 public:
  virtual ~Lookup() = default;
};

class Wires {
 public:
  static constexpr std::size_t kAddressesMax = 16;
  using Found = std::function<void(Result<std::vector<Address>>)>;

  virtual ~Wires() = default;
  // The addresses that a host's name has now, best first: 1 .. kAddressesMax, with this port. Never
  // on the loop, as it may take as long as name servers do; who cannot wait lets go of it. `found`
  // may do so too. Where there are no names, nobody answers.
  [[nodiscard]] virtual std::unique_ptr<Lookup> look_up(const std::string& /*host*/,
                                                        std::uint16_t /*port*/, Found /*found*/) {
    return std::make_unique<Lookup>();
  }
  // The outcome comes later: on_connected, or on_closed.
  [[nodiscard]] virtual std::unique_ptr<Wire> connect(const Address& to, WireHandler& handler) = 0;
  // TCP listeners share their port with other shards of this process (SO_REUSEPORT).
  [[nodiscard]] virtual Result<std::unique_ptr<Listener>> listen(const Address& at,
                                                                 AcceptHandler& handler) = 0;
};

}  // namespace convoke
