#include "core/loop/launched_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <limits>
#include <utility>

#include "core/loop/loop.h"
#include "core/loop/spawner.h"

namespace convoke {
namespace {

double as_mb(std::uint64_t kib) { return static_cast<double>(kib) / 1024.0; }

}  // namespace

LaunchedProcess::LaunchedProcess(LoopSpawner& spawner, std::uint64_t token, SpawnRequest wish,
                                 ProcessHandler& handler)
    : spawner_(&spawner),
      token_(token),
      handler_(handler),
      wish_(std::move(wish)),
      failure_due_(timer_for<&LaunchedProcess::on_failure_due>(this)) {
  out_.stream = OutputStream::kStdout;
  err_.stream = OutputStream::kStderr;
  out_.process = err_.process = this;
}

LaunchedProcess::~LaunchedProcess() {
  out_.close();
  err_.close();
  if (spawner_ != nullptr) spawner_->abandon(token_);
}

void LaunchedProcess::Pipe::close() {
  poll.reset();
  end.reset();
}

int LaunchedProcess::open_pipes(Loop& loop, OwnedFd& out, OwnedFd& err) {
  const int status = open_pipe(loop, out_, out);
  return status != 0 ? status : open_pipe(loop, err_, err);
}

// The child's end blocks, as programs expect; ours does not.
int LaunchedProcess::open_pipe(Loop& loop, Pipe& pipe, OwnedFd& write_end) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
  pipe.end.reset(ends[0]);
  write_end.reset(ends[1]);
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return errno;
  const int opened = open_handle(pipe.poll, &pipe, [&](uv_poll_t* poll) {
    return uv_poll_init(loop.uv(), poll, pipe.end.get());
  });
  if (opened != 0) return -opened;
  const auto on_event = [](uv_poll_t* poll, int /*status*/, int /*events*/) {
    if (auto* self = owner_of<Pipe>(poll)) self->process->on_readable(*self);
  };
  return -uv_poll_start(pipe.poll.get(), UV_READABLE, on_event);
}

void LaunchedProcess::fail_later(int errno_value, launcher::Step step) {
  failure_ = launcher::SpawnFailed{errno_value, step};
  Loop& loop = spawner_->loop();
  loop.timers().schedule(failure_due_, loop.now());
}

void LaunchedProcess::on_failure_due() { on_reply(failure_); }

void LaunchedProcess::signal_group(int signal) {
  if (spawner_ != nullptr) spawner_->request(token_, launcher::Signal{signal});
}

void LaunchedProcess::look_for_listener(std::uint16_t port) {
  if (spawner_ == nullptr || looked_for_ == port) return;
  looked_for_ = port;
  spawner_->request(token_, launcher::LookForListener{port});
}

void LaunchedProcess::sample_memory() {
  if (spawner_ == nullptr || memory_asked_) return;
  memory_asked_ = true;
  spawner_->request(token_, launcher::SampleMemory{});
}

void LaunchedProcess::drain_output() { deliver_all(); }

void LaunchedProcess::on_reply(const launcher::Spawned& what) {
  pid_ = what.pid;
  wish_.reset();
  handler_.on_spawned();
}

void LaunchedProcess::on_reply(const launcher::SpawnFailed& what) {
  failure_due_.cancel();
  wish_.reset();
  out_.close();
  err_.close();
  std::exchange(spawner_, nullptr)->forget(token_);
  handler_.on_spawn_failed(SpawnFailure{what.errno_value, std::string(name_of(what.step))});
}

void LaunchedProcess::on_reply(const launcher::Listener& what) {
  if (what.port != looked_for_) return;  // of a look that another one has replaced
  looked_for_.reset();
  handler_.on_listener({what.owner, what.group_ports, as_mb(what.memory_peak_kib)});
}

void LaunchedProcess::on_reply(const launcher::Memory& what) {
  memory_asked_ = false;
  handler_.on_memory(as_mb(what.memory_peak_kib));
}

void LaunchedProcess::on_reply(const launcher::Exited& what) {
  const std::weak_ptr<const char> life = life_;
  deliver_all();
  if (life.expired()) return;
  out_.close();
  err_.close();
  std::exchange(spawner_, nullptr)->forget(token_);
  handler_.on_exited(ExitStatus{what.code, what.signal});
}

// The first process has died with the launcher, started or not; the rest of its group, which has
// not, is ours to end now. Its number cannot be another's yet: that takes the reaping of this one
// and a whole round through the numbers.
void LaunchedProcess::on_launcher_lost() {
  if (pending()) {
    out_.close();
    err_.close();
    return;
  }
  ::kill(-pid_, SIGKILL);
  on_reply(launcher::Exited{0, SIGKILL});
}

void LaunchedProcess::on_readable(Pipe& pipe) { deliver(pipe, kChunk); }

void LaunchedProcess::deliver_all() {
  const std::weak_ptr<const char> life = life_;
  deliver(out_, kDrainMax);
  if (!life.expired()) deliver(err_, kDrainMax);
}

// Not into the loop's one read buffer: drain_output() is called by those who hold bytes in it.
void LaunchedProcess::deliver(Pipe& pipe, std::size_t limit) {
  const std::weak_ptr<const char> life = life_;
  std::array<char, kChunk> chunk;
  for (std::size_t done = 0; done < limit && pipe.end.is_open();) {
    const std::size_t wanted = std::min(chunk.size(), limit - done);
    const ssize_t size = ::read(pipe.end.get(), chunk.data(), wanted);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) return pipe.close();
    done += static_cast<std::size_t>(size);
    handler_.on_output(pipe.stream, {chunk.data(), static_cast<std::size_t>(size)});
    if (life.expired()) return;
  }
}

}  // namespace convoke
