#include "core/loop/spawner.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

namespace convoke {
namespace {

bool has_zero_byte(const std::string& text) { return text.find('\0') != std::string::npos; }

// What the launcher could not put to execve(2).
bool is_malformed(const SpawnRequest& request) {
  return request.argv.empty() || has_zero_byte(request.working_directory) ||
         std::any_of(request.argv.begin(), request.argv.end(), has_zero_byte) ||
         std::any_of(request.environment.begin(), request.environment.end(), has_zero_byte);
}

}  // namespace

LoopSpawner::LoopSpawner(Loop& loop, LauncherProcess& launcher, ShardIndex shard)
    : loop_(loop), launcher_(launcher), shard_(shard) {
  // Fails only for want of memory or descriptors at start-up.
  ENSURE(open_handle(new_socket_, this, [&](uv_async_t* async) {
           return uv_async_init(loop_.uv(), async, [](uv_async_t* woken) {
             if (auto* self = owner_of<LoopSpawner>(woken)) self->on_new_socket();
           });
         }) == 0);
  launcher_.set_wake(shard_, [async = new_socket_.get()] { uv_async_send(async); });
  on_new_socket();
}

LoopSpawner::~LoopSpawner() {
  ENSURE(processes_.empty());
  launcher_.set_wake(shard_, nullptr);
  link_poll_.reset();
}

std::unique_ptr<Process> LoopSpawner::spawn(SpawnRequest request, ProcessHandler& handler) {
  std::unique_ptr<LaunchedProcess> process(
      new LaunchedProcess(*this, next_token_++, std::move(request), handler));
  processes_.emplace(process->token_, process.get());
  start(*process);
  return process;
}

void LoopSpawner::start(LaunchedProcess& process) {
  if (!link_) return;  // adopt_socket() starts it
  if (is_malformed(*process.wish_)) return process.fail_later(EINVAL, launcher::Step::kExec);
  launcher::Packet packet;
  packet.bytes = encode(launcher::Request{process.token_, launcher::Spawn{*process.wish_}});
  if (packet.bytes.size() > launcher::kMessageMax) {
    return process.fail_later(E2BIG, launcher::Step::kExec);
  }
  packet.descriptors.resize(launcher::kDescriptorsPerMessage);
  const int status = process.open_pipes(loop_, packet.descriptors[0], packet.descriptors[1]);
  if (status != 0) return process.fail_later(status, launcher::Step::kSetup);
  send(std::move(packet));
}

template <class What>
void LoopSpawner::request(std::uint64_t token, What what) {
  send({encode(launcher::Request{token, std::move(what)}), {}});
}
template void LoopSpawner::request(std::uint64_t, launcher::Signal);
template void LoopSpawner::request(std::uint64_t, launcher::LookForListener);
template void LoopSpawner::request(std::uint64_t, launcher::SampleMemory);

// That the launcher has gone is noticed where its reports are awaited, in a turn of its own.
void LoopSpawner::send(launcher::Packet packet) {
  if (!link_) return;
  static_cast<void>(link_->send(std::move(packet)));
  watch_link();
}

void LoopSpawner::forget(std::uint64_t token) { processes_.erase(token); }

void LoopSpawner::abandon(std::uint64_t token) {
  request(token, launcher::Kill{});
  forget(token);
}

void LoopSpawner::on_new_socket() {
  OwnedFd socket = launcher_.take_shard_socket(shard_);
  if (!socket.is_open()) return;
  if (link_) lose_link();
  adopt_socket(std::move(socket));
}

void LoopSpawner::adopt_socket(OwnedFd socket) {
  link_.emplace(std::move(socket));
  ENSURE(open_handle(link_poll_, this, [&](uv_poll_t* poll) {
           return uv_poll_init(loop_.uv(), poll, link_->fd());
         }) == 0);
  watched_ = 0;
  watch_link();
  for (const auto& [token, process] : processes_) {
    if (process->pending()) start(*process);
  }
}

void LoopSpawner::watch_link() {
  const int wanted = UV_READABLE | (link_->has_queued() ? UV_WRITABLE : 0);
  if (wanted == watched_) return;
  watched_ = wanted;
  uv_poll_start(link_poll_.get(), wanted, [](uv_poll_t* poll, int status, int events) {
    if (auto* self = owner_of<LoopSpawner>(poll)) self->on_link(status, events);
  });
}

void LoopSpawner::on_link(int status, int events) {
  if (status < 0) return lose_link();
  if ((events & UV_WRITABLE) != 0) static_cast<void>(link_->flush());
  if ((events & UV_READABLE) != 0) take_reports();
  if (link_) watch_link();
}

void LoopSpawner::take_reports() {
  using Received = launcher::PacketSocket::Received;
  for (int i = 0; i < kReportsPerTurn; ++i) {
    const Received received = link_->receive(packet_);
    if (received == Received::kNothing) return;
    const auto reply = launcher::decode_reply(packet_.bytes);
    if (received == Received::kClosed || !reply) return lose_link();
    report(*reply);
  }
}

// One for a process that has been abandoned meanwhile is for nobody.
void LoopSpawner::report(const launcher::Reply& reply) {
  const auto found = processes_.find(reply.token);
  if (found == processes_.end()) return;
  LaunchedProcess& process = *found->second;
  std::visit([&process](const auto& what) { process.on_reply(what); }, reply.what);
}

void LoopSpawner::lose_link() {
  link_poll_.reset();
  link_.reset();
  std::vector<std::uint64_t> tokens;
  for (const auto& [token, process] : processes_) tokens.push_back(token);
  for (const std::uint64_t token : tokens) {
    const auto found = processes_.find(token);
    if (found != processes_.end()) found->second->on_launcher_lost();
  }
}

}  // namespace convoke
