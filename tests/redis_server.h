// A real redis-server of a test's own: on a Unix socket in a directory of its own, gone with the
// test, also when the test's process dies.
//
// It keeps what it answered through kill() and start(). With `--appendfsync everysec` it would not:
// while a sync is under way, Redis puts off writing, and a killed process takes with it what it had
// answered already.
//
// Blocking; for the test's thread, never from a callback that a promise hangs on.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/edge/owned_fd.h"
#include "queue/redis/command.h"
#include "queue/redis/reply_reader.h"
#include "queue/redis/target.h"
#include "tests/registry/temp_dir.h"

namespace convoke::redis {

// One that nobody listens at, at this moment.
inline std::string free_loopback_port() {
  const OwnedFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  EXPECT_EQ(::bind(probe.get(), reinterpret_cast<const sockaddr*>(&at), size), 0);
  EXPECT_EQ(::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
  return std::to_string(ntohs(at.sin_port));
}

class RedisServer {
 public:
  // `arguments` come behind ours, and win: {"--appendfsync", "everysec"}.
  explicit RedisServer(std::vector<std::string> arguments = {}) : more_(std::move(arguments)) {
    start();
  }
  ~RedisServer() { kill(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  [[nodiscard]] std::string socket() const { return directory_ / "redis.sock"; }
  [[nodiscard]] Target target() const {
    Target target;
    target.address = {Address::Kind::kUnix, socket(), 0};
    return target;
  }

  // Returns once it serves. Does nothing while it runs.
  void start() {
    if (process_ > 0) return;
    launch();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!serves()) {
      ASSERT_FALSE(has_exited()) << "redis-server: " << content_of(directory_ / "log");
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "redis-server does not start to serve";
      usleep(1000);
    }
  }
  void kill() { end_with(SIGKILL); }
  void stop() { end_with(SIGTERM); }  // it writes down what it has not yet
  void pause() { signal(SIGSTOP); }
  void resume() { signal(SIGCONT); }

  // What it answers, as text; an integer in digits; of an array, the elements side by side.
  std::string ask(const std::vector<std::string>& words) {
    const OwnedFd connection = connected();
    if (!password_.empty()) exchange(connection, {"AUTH", password_});
    return exchange(connection, words);
  }
  // `requirepass`, for ask() too.
  void require_password(const std::string& password) {
    ask({"CONFIG", "SET", "requirepass", password});
    password_ = password;
  }

 private:
  void launch() {
    const std::string path = socket();
    const std::string log = directory_ / "log";
    std::vector<std::string> words = {
        "redis-server",    "--port",    "0", "--unixsocket", path,  "--dir",
        directory_.path(), "--save",    "",  "--appendonly", "yes", "--appendfsync",
        "always",          "--logfile", log, "--daemonize",  "no",  "--loglevel",
        "warning"};
    words.insert(words.end(), more_.begin(), more_.end());
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = fork();
    ASSERT_GE(process_, 0);
    if (process_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp("redis-server", arguments.data());
    _exit(127);
  }

  [[nodiscard]] OwnedFd connected() const {
    OwnedFd descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = socket();
    std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
    if (::connect(descriptor.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
      return OwnedFd();
    }
    return descriptor;
  }

  [[nodiscard]] bool serves() const {
    const OwnedFd connection = connected();
    if (!connection.is_open()) return false;
    const std::string answer = exchange(connection, {"PING"});
    return answer == "PONG" || answer.starts_with("NOAUTH");
  }

  static std::string exchange(const OwnedFd& connection, const std::vector<std::string>& words) {
    Command command(words.at(0));
    for (std::size_t i = 1; i < words.size(); ++i) command.arg(words[i]);
    std::string bytes;
    command.append_to(bytes);
    if (::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return {};
    ReplyReader reader(ReplyLimits{});
    char buffer[4096];
    while (reader.advance() == ReplyReader::Step::kNeedMore) {
      const ssize_t size = ::read(connection.get(), buffer, sizeof buffer);
      if (size <= 0) return {};
      reader.feed({buffer, static_cast<std::size_t>(size)});
    }
    return as_text(reader.reply());
  }

  static std::string as_text(const Reply& reply) {
    if (reply.kind() == Reply::Kind::kInteger) return std::to_string(*reply.integer());
    std::string text(reply.text());
    for (std::size_t i = 0; i < reply.size(); ++i) text += (i == 0 ? "" : " ") + as_text(reply[i]);
    return text;
  }

  bool has_exited() {
    if (waitpid(process_, nullptr, WNOHANG) != process_) return false;
    process_ = -1;
    return true;
  }
  void signal(int number) const {
    if (process_ > 0) ::kill(process_, number);
  }
  void end_with(int number) {
    signal(number);
    resume();
    if (process_ > 0) waitpid(process_, nullptr, 0);
    process_ = -1;
  }

  TempDir directory_;
  std::vector<std::string> more_;
  std::string password_;
  pid_t process_ = -1;
};

}  // namespace convoke::redis
