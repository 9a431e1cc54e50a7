// An HTTP server for tests, on a thread of its own: it answers each connection's requests as a
// script says, in plain bytes, and keeps what it was sent.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace convoke {

class ScriptedServer {
 public:
  // The bytes to send for a request; empty: nothing, ever, until the server ends.
  using Script = std::function<std::string(const std::string& request)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listener_, 128), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
    EXPECT_EQ(::pipe(stop_), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    EXPECT_EQ(::write(stop_[1], "x", 1), 1);
    thread_.join();
    for (const int descriptor : {listener_, stop_[0], stop_[1]}) ::close(descriptor);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(port_) + "/hook";
  }
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // Returns when so many requests have come whole.
  void wait_for_requests(std::size_t count) const {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return requests_.size() >= count; });
  }
  [[nodiscard]] int connections() const { return connections_.load(); }

  static std::string answer(int status, const std::string& headers = "",
                            const std::string& body = "") {
    return "HTTP/1.1 " + std::to_string(status) +
           " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
           body;
  }

 private:
  struct Connection {
    int descriptor;
    std::string bytes;
  };

  void serve() {
    std::vector<Connection> open;
    while (true) {
      std::vector<pollfd> polled{{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
      for (const Connection& one : open) polled.push_back({one.descriptor, POLLIN, 0});
      ::poll(polled.data(), polled.size(), -1);
      if (polled[0].revents != 0) break;
      for (std::size_t i = open.size(); i-- > 0;) {
        if (polled[i + 2].revents == 0 || read(open[i])) continue;
        ::close(open[i].descriptor);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (polled[1].revents != 0) {
        open.push_back({::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), {}});
        ++connections_;
      }
    }
    for (const Connection& one : open) ::close(one.descriptor);
  }

  // False: its peer has gone.
  bool read(Connection& from) {
    char buffer[65536];
    const ssize_t got = ::recv(from.descriptor, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    from.bytes.append(buffer, static_cast<std::size_t>(got));
    const std::size_t head = from.bytes.find("\r\n\r\n");
    if (head == std::string::npos) return true;
    const std::size_t length = from.bytes.find("Content-Length: ");
    const std::size_t body =
        length < head ? std::stoul(from.bytes.substr(length + 16)) : std::size_t{0};
    if (from.bytes.size() < head + 4 + body) return true;
    const std::string request = from.bytes.substr(0, head + 4 + body);
    from.bytes.erase(0, request.size());
    const std::string bytes = script_(request);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    came_.notify_all();
    return bytes.empty() || ::send(from.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0;
  }

  const Script script_;
  int listener_ = -1;
  int stop_[2] = {-1, -1};
  int port_ = 0;
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;  // guards requests_
  mutable std::condition_variable came_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace convoke
