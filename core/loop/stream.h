// A Wire over libuv: TCP or a Unix socket.
//
// Output: write() only gathers. At the end of the turn all that was gathered leaves in one writev,
// straight to the kernel; what does not fit goes to libuv as one request, and until that is done
// later writes gather behind it. So there is at most one request per stream, and an idle stream
// holds no bytes at all.
//
// Input goes through the loop's one read buffer.
//
// A failed write does not end the connection before its input has been read: a peer that answers
// and hangs up while we still send is heard to the end. Then on_closed tells of the failure.
#pragma once

#include <uv.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "core/loop/handle.h"
#include "core/loop/loop.h"

namespace convoke {

class Stream;

// The streams of one loop that have something to send when the turn ends. Lives as long as the
// loop, which owns it through its hook.
class Corks {
 public:
  [[nodiscard]] static Corks& on(Loop& loop);  // a new one, registered with the loop

  void add(Stream& stream);
  void remove(Stream& stream);

 private:
  void flush();
  std::vector<Stream*> corked_;  // null: removed since
};

class Stream final : public Wire {
 public:
  // Takes over a connected socket; closes it on failure.
  [[nodiscard]] static Result<std::unique_ptr<Stream>> adopt(Loop& loop, Corks& corks,
                                                             Address::Kind kind, int descriptor);
  [[nodiscard]] static std::unique_ptr<Stream> connect(Loop& loop, Corks& corks, const Address& to,
                                                       WireHandler& handler);
  ~Stream() override;
  Stream(const Stream&) = delete;  // libuv and the corks hold our address
  Stream& operator=(const Stream&) = delete;

  void attach(WireHandler& handler) override;
  void write(std::string bytes) override;
  [[nodiscard]] std::size_t buffered() const override;
  [[nodiscard]] std::size_t never_read() const override { return never_read_ + buffered(); }
  void pause_reading() override;
  void resume_reading() override;
  void shutdown() override;
  [[nodiscard]] std::string peer() const override;

 private:
  friend class Corks;
  enum class State : std::uint8_t { kConnecting, kOpen, kDead };
  enum class Shutdown : std::uint8_t { kNo, kWanted, kStarted };
  struct WriteRequest;
  struct ConnectRequest;

  Stream(Loop& loop, Corks& corks);
  [[nodiscard]] int open(Address::Kind kind);
  [[nodiscard]] Result<void> start_connecting(const Address& to);

  void on_connect(int status, const std::string& to);
  void on_read(ssize_t size, const char* bytes);
  void on_written(int status);
  void on_later();

  void start_reading();
  void flush();
  [[nodiscard]] int send_now();
  [[nodiscard]] int hand_to_uv();
  void start_shutdown();
  void output_failed(int status);
  void drop_output();
  [[nodiscard]] bool peer_left_bytes_unread(ssize_t status) const;
  void die();
  void fail(Error why);
  void fail_later(Error why);
  void note_drained();

  Loop& loop_;
  Corks& corks_;
  WireHandler* handler_ = nullptr;
  HandleOwner<uv_stream_t> handle_;
  std::vector<std::string> pieces_;  // gathered, in order
  std::size_t first_sent_ = 0;       // bytes of pieces_[0] that have left
  std::size_t gathered_ = 0;         // bytes in pieces_, not yet sent
  std::size_t never_read_ = 0;       // at least, of the bytes that are no longer buffered
  WriteRequest* request_ = nullptr;  // with libuv, which frees it
  std::uint32_t cork_ = kNotCorked;  // place in corks_
  std::unique_ptr<Error> failure_;   // to be told by on_later
  int output_status_ = 0;            // why output failed; told when the input ends
  State state_ = State::kConnecting;
  Shutdown shutdown_ = Shutdown::kNo;
  bool paused_ = false;
  bool eof_ = false;
  bool was_above_low_ = false;
  Timer later_ = timer_for<&Stream::on_later>(this);

  static constexpr std::uint32_t kNotCorked = std::numeric_limits<std::uint32_t>::max();
};

}  // namespace convoke
