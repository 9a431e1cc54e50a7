// One client's end of a TLS session, without I/O: what the peer has sent goes in, what it is to be
// sent comes out (OpenSSL over memory).
//
// What it holds is bounded by what it is given: input that was fed and not read, one record that
// was read, and output until it is taken.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/model/error.h"
#include "core/tls/client.h"

struct bio_st;
struct ssl_st;

namespace convoke::tls {

inline constexpr std::size_t kRecordMax = 16 * 1024;  // plain bytes in one

class Session {
 public:
  enum class Step : std::uint8_t {
    kMore,    // nothing to be done without more input
    kDone,    // the handshake; or: something was read
    kEnded,   // the peer will send no more, and said so
    kFailed,  // for good: error()
  };

  // `server`: the host name or address that the peer's certificate must be for. A name is told to
  // the peer (SNI).
  Session(const Client& client, std::string server);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void feed(std::string_view bytes);
  // To be called until it is kDone, again after each feed(); then come read() and write().
  [[nodiscard]] Step shake_hands();
  // kDone: `plain` is not empty, and valid until the next call.
  [[nodiscard]] Step read(std::string_view& plain);
  // At most kRecordMax bytes, not empty: taken whole, or kFailed.
  [[nodiscard]] Step write(std::string_view plain);
  // Says that we send no more.
  void end();
  // What any of these calls has left to be sent.
  void take_output(std::string& into);

  [[nodiscard]] bool holds_input() const;  // fed, and not read
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };

  [[nodiscard]] Step step_after(int result);

  const std::string server_;
  std::unique_ptr<ssl_st, Free> ssl_;  // owns both below
  bio_st* input_;
  bio_st* output_;
  Error error_;
  std::array<char, kRecordMax> plain_;
};

}  // namespace convoke::tls
