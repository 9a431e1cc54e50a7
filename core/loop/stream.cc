#include "core/loop/stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/loop/socket_address.h"
#include "core/loop/uv_error.h"

namespace convoke {
namespace {

// Small writes that follow each other in a turn are joined: their bytes, not their number, is what
// buffered() counts.
constexpr std::size_t kJoinPieceMax = 256;
constexpr std::size_t kJoinIntoMax = 4096;
constexpr std::size_t kBuffersPerWrite = 64;  // on the stack; more goes in several system calls
constexpr std::size_t kPiecesKept = 4;        // capacity that an idle stream may keep

uv_tcp_t* as_tcp(uv_stream_t* stream) { return reinterpret_cast<uv_tcp_t*>(stream); }
uv_pipe_t* as_pipe(uv_stream_t* stream) { return reinterpret_cast<uv_pipe_t*>(stream); }

uv_buf_t buffer_of(const std::string& piece, std::size_t from) {
  return uv_buf_init(const_cast<char*>(piece.data()) + from,
                     static_cast<unsigned>(piece.size() - from));
}

}  // namespace

struct Stream::WriteRequest {
  uv_write_t uv{};
  std::vector<std::string> pieces;
};

struct Stream::ConnectRequest {
  uv_connect_t uv{};
  std::string to;
};

Corks& Corks::on(Loop& loop) {
  auto corks = std::make_shared<Corks>();
  loop.at_end_of_turn(EndOfTurn::kFlush, [corks] { corks->flush(); });
  return *corks;
}

void Corks::add(Stream& stream) {
  if (stream.cork_ != Stream::kNotCorked) return;
  stream.cork_ = static_cast<std::uint32_t>(corked_.size());
  corked_.push_back(&stream);
}

void Corks::remove(Stream& stream) {
  if (stream.cork_ == Stream::kNotCorked) return;
  corked_[stream.cork_] = nullptr;
  stream.cork_ = Stream::kNotCorked;
}

void Corks::flush() {
  for (Stream* stream : corked_) {
    if (stream == nullptr) continue;
    stream->cork_ = Stream::kNotCorked;
    stream->flush();
  }
  corked_.clear();
}

Stream::Stream(Loop& loop, Corks& corks) : loop_(loop), corks_(corks) {}

Stream::~Stream() { corks_.remove(*this); }

int Stream::open(Address::Kind kind) {
  uv_loop_t* uv = loop_.uv();
  if (kind == Address::Kind::kTcp) {
    HandleOwner<uv_tcp_t> tcp;
    const int status = open_handle(tcp, this, [&](auto* it) { return uv_tcp_init(uv, it); });
    handle_.reset(reinterpret_cast<uv_stream_t*>(tcp.release()));
    return status;
  }
  HandleOwner<uv_pipe_t> pipe;
  const int status = open_handle(pipe, this, [&](auto* it) { return uv_pipe_init(uv, it, 0); });
  handle_.reset(reinterpret_cast<uv_stream_t*>(pipe.release()));
  return status;
}

Result<std::unique_ptr<Stream>> Stream::adopt(Loop& loop, Corks& corks, Address::Kind kind,
                                              int descriptor) {
  std::unique_ptr<Stream> stream(new Stream(loop, corks));
  int status = stream->open(kind);
  if (status == 0) {
    uv_stream_t* handle = stream->handle_.get();
    status = kind == Address::Kind::kTcp ? uv_tcp_open(as_tcp(handle), descriptor)
                                         : uv_pipe_open(as_pipe(handle), descriptor);
  }
  if (status != 0) {
    ::close(descriptor);
    return uv_error(status, "accepted connection");
  }
  stream->state_ = State::kOpen;
  if (kind == Address::Kind::kTcp) uv_tcp_nodelay(as_tcp(stream->handle_.get()), 1);
  return stream;
}

std::unique_ptr<Stream> Stream::connect(Loop& loop, Corks& corks, const Address& to,
                                        WireHandler& handler) {
  std::unique_ptr<Stream> stream(new Stream(loop, corks));
  stream->handler_ = &handler;
  Result<void> started = stream->start_connecting(to);
  if (!started) stream->fail_later(std::move(started).error());
  return stream;
}

Result<void> Stream::start_connecting(const Address& to) {
  const Result<SocketAddress> address = to_socket_address(to);
  if (!address) return address.error();
  const int opened = open(to.kind);
  if (opened != 0) return uv_error(opened, "connect to " + to.text());

  auto request = std::make_unique<ConnectRequest>();
  request->to = to.text();
  const auto done = [](uv_connect_t* uv, int status) {
    const std::unique_ptr<ConnectRequest> finished(reinterpret_cast<ConnectRequest*>(uv));
    if (auto* stream = owner_of<Stream>(uv->handle)) stream->on_connect(status, finished->to);
  };
  if (to.kind == Address::Kind::kUnix) {
    uv_pipe_connect(&request.release()->uv, as_pipe(handle_.get()), to.host.c_str(), done);
    return {};
  }
  const int status =
      uv_tcp_connect(&request->uv, as_tcp(handle_.get()), address.value().get(), done);
  if (status != 0) return uv_error(status, "connect to " + to.text());
  request.release();  // libuv has it until `done`
  return {};
}

void Stream::on_connect(int status, const std::string& to) {
  if (status < 0) return fail(uv_error(status, "connect to " + to));
  state_ = State::kOpen;
  if (handle_->type == UV_TCP) uv_tcp_nodelay(as_tcp(handle_.get()), 1);
  if (!pieces_.empty() || shutdown_ == Shutdown::kWanted) corks_.add(*this);
  start_reading();
  handler_->on_connected();
}

void Stream::attach(WireHandler& handler) {
  handler_ = &handler;
  if (failure_) loop_.soon(later_);
  if (state_ == State::kOpen) start_reading();
}

void Stream::start_reading() {
  if (paused_ || eof_) return;
  const auto allocate = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    *buffer = Loop::of(handle->loop).read_buffer();
  };
  const auto read = [](uv_stream_t* handle, ssize_t size, const uv_buf_t* buffer) {
    if (auto* stream = owner_of<Stream>(handle)) stream->on_read(size, buffer->base);
  };
  const int status = uv_read_start(handle_.get(), allocate, read);
  if (status != 0 && status != UV_EALREADY) fail_later(uv_error(status, "connection"));
}

void Stream::on_read(ssize_t size, const char* bytes) {
  if (size == 0) return;  // nothing there after all
  if (size > 0) return handler_->on_bytes({bytes, static_cast<std::size_t>(size)});
  if (peer_left_bytes_unread(size)) {
    ++never_read_;
    size = UV_ECONNRESET;
  }
  if (output_status_ != 0) return fail(uv_error(output_status_, "connection"));
  if (size != UV_EOF) return fail(uv_error(static_cast<int>(size), "connection"));
  eof_ = true;
  uv_read_stop(handle_.get());
  handler_->on_eof();
}

// Linux: a Unix socket whose peer closed before it had read all of ours is reset, once what the
// peer sent has been read. libuv may take the hang-up for an end before it has met the reset.
bool Stream::peer_left_bytes_unread(ssize_t status) const {
  if (handle_->type != UV_NAMED_PIPE) return false;
  if (status != UV_EOF) return status == UV_ECONNRESET;
  int descriptor = -1;
  int error = 0;
  socklen_t size = sizeof error;
  return uv_fileno(reinterpret_cast<const uv_handle_t*>(handle_.get()), &descriptor) == 0 &&
         getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == ECONNRESET;
}

void Stream::pause_reading() {
  paused_ = true;
  if (state_ != State::kOpen) return;
  uv_read_stop(handle_.get());
  if (output_status_ != 0) fail_later(uv_error(output_status_, "connection"));
}

void Stream::resume_reading() {
  paused_ = false;
  if (state_ == State::kOpen && handler_ != nullptr) start_reading();
}

void Stream::write(std::string bytes) {
  ENSURE(shutdown_ == Shutdown::kNo || state_ == State::kDead);
  if (state_ == State::kDead || output_status_ != 0) never_read_ += bytes.size();
  if (state_ == State::kDead || output_status_ != 0 || bytes.empty()) return;
  gathered_ += bytes.size();
  if (!pieces_.empty() && bytes.size() <= kJoinPieceMax && pieces_.back().size() <= kJoinIntoMax) {
    pieces_.back() += bytes;
  } else {
    pieces_.push_back(std::move(bytes));
  }
  if (buffered() > kOutputLow) was_above_low_ = true;
  if (state_ == State::kOpen) corks_.add(*this);
}

std::size_t Stream::buffered() const {
  return gathered_ + (request_ == nullptr ? 0 : uv_stream_get_write_queue_size(handle_.get()));
}

void Stream::shutdown() {
  if (state_ == State::kDead || shutdown_ != Shutdown::kNo) return;
  shutdown_ = Shutdown::kWanted;
  if (state_ == State::kOpen) corks_.add(*this);
}

// At the end of a turn: calls nobody back.
void Stream::flush() {
  if (output_status_ != 0) return;
  if (request_ == nullptr && !pieces_.empty()) {
    int status = send_now();
    if (status == 0 && !pieces_.empty()) status = hand_to_uv();
    if (status != 0) return output_failed(status);
  }
  if (shutdown_ == Shutdown::kWanted && pieces_.empty()) start_shutdown();
  if (was_above_low_ && buffered() <= kOutputLow) loop_.soon(later_);
}

// Sends what the kernel takes. Returns 0 or a uv error.
int Stream::send_now() {
  std::size_t next = 0;  // pieces before it have left whole
  int status = 0;
  bool full = false;
  while (status == 0 && !full && next < pieces_.size()) {
    std::array<uv_buf_t, kBuffersPerWrite> buffers;
    const std::size_t count = std::min(buffers.size(), pieces_.size() - next);
    std::size_t offered = 0;
    for (std::size_t i = 0; i < count; ++i) {
      buffers[i] = buffer_of(pieces_[next + i], i == 0 ? first_sent_ : 0);
      offered += buffers[i].len;
    }
    const int sent = uv_try_write(handle_.get(), buffers.data(), static_cast<unsigned>(count));
    if (sent < 0 && sent != UV_EAGAIN) status = sent;
    std::size_t left = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    full = left < offered;
    gathered_ -= left;
    for (left += first_sent_; next < pieces_.size() && left >= pieces_[next].size(); ++next) {
      left -= pieces_[next].size();
    }
    first_sent_ = left;
  }
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(next));
  if (pieces_.empty() && pieces_.capacity() > kPiecesKept) std::vector<std::string>().swap(pieces_);
  return status;
}

int Stream::hand_to_uv() {
  auto request = std::make_unique<WriteRequest>();
  request->pieces.swap(pieces_);
  std::vector<uv_buf_t> buffers;
  buffers.reserve(request->pieces.size());
  for (const std::string& piece : request->pieces) {
    buffers.push_back(buffer_of(piece, buffers.empty() ? first_sent_ : 0));
  }
  first_sent_ = gathered_ = 0;
  const auto done = [](uv_write_t* uv, int status) {
    const std::unique_ptr<WriteRequest> finished(reinterpret_cast<WriteRequest*>(uv));
    if (auto* stream = owner_of<Stream>(uv->handle)) stream->on_written(status);
  };
  const int status = uv_write(&request->uv, handle_.get(), buffers.data(),
                              static_cast<unsigned>(buffers.size()), done);
  if (status == 0) request_ = request.release();
  return status;
}

void Stream::on_written(int status) {
  request_ = nullptr;
  if (status < 0) {
    ++never_read_;  // the end of the request; how much of it, libuv does not say
    return output_failed(status);
  }
  if (!pieces_.empty() || shutdown_ == Shutdown::kWanted) corks_.add(*this);
  if (!was_above_low_ || buffered() > kOutputLow) return;
  was_above_low_ = false;
  if (handler_ != nullptr) handler_->on_drained();
}

void Stream::start_shutdown() {
  shutdown_ = Shutdown::kStarted;
  auto request = std::make_unique<uv_shutdown_t>();
  const int status = uv_shutdown(request.get(), handle_.get(), [](uv_shutdown_t* uv, int result) {
    const std::unique_ptr<uv_shutdown_t> finished(uv);
    auto* stream = owner_of<Stream>(uv->handle);
    if (stream != nullptr && result < 0) stream->output_failed(result);
  });
  if (status != 0) return output_failed(status);
  request.release();  // libuv has it until it is done
}

// Reading will come to its end by itself, and on_read then tells why; unless nobody reads.
void Stream::output_failed(int status) {
  if (peer_left_bytes_unread(status)) ++never_read_;
  drop_output();
  output_status_ = status;
  const bool reading = handler_ != nullptr && !paused_ && !eof_;
  if (!reading) fail_later(uv_error(status, "connection"));
}

void Stream::drop_output() {
  never_read_ += gathered_;
  first_sent_ = gathered_ = 0;
  std::vector<std::string>().swap(pieces_);
}

void Stream::die() {
  corks_.remove(*this);
  never_read_ += buffered() - gathered_;
  drop_output();
  request_ = nullptr;  // libuv cancels it, and frees it then
  handle_.reset();
  state_ = State::kDead;
}

void Stream::fail(Error why) {
  die();
  later_.cancel();
  handler_->on_closed(why);
}

void Stream::fail_later(Error why) {
  if (state_ == State::kDead) return;
  die();
  failure_ = std::make_unique<Error>(std::move(why));
  loop_.soon(later_);
}

void Stream::on_later() {
  if (handler_ == nullptr) return;  // attach() asks again
  if (failure_) {
    const std::unique_ptr<Error> why = std::move(failure_);
    return handler_->on_closed(*why);
  }
  if (!was_above_low_ || buffered() > kOutputLow) return;
  was_above_low_ = false;
  handler_->on_drained();
}

std::string Stream::peer() const {
  if (state_ != State::kOpen || handle_->type != UV_TCP) return {};
  SocketAddress address;
  int size = sizeof address.storage;
  const auto* tcp = reinterpret_cast<const uv_tcp_t*>(handle_.get());
  if (uv_tcp_getpeername(tcp, address.get(), &size) != 0) return {};
  address.size = static_cast<socklen_t>(size);
  return from_socket_address(address).text();
}

}  // namespace convoke
