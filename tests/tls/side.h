// A connection over TLS in virtual time: its handler writes down what it hears.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/tls/wire.h"
#include "tests/http/fake_wires.h"
#include "tests/tls/server_end.h"

namespace convoke::tls {

inline const Address kServerAddress{Address::Kind::kTcp, "127.0.0.1", 6380};

class SecuredWireTest : public testing::Test, public WireHandler {
 protected:
  void on_connected() override { heard("connected"); }
  void on_bytes(std::string_view bytes) override {
    received_ += bytes;
    heard("bytes");
  }
  void on_drained() override { heard("drained"); }
  void on_eof() override { heard("eof"); }
  void on_closed(const Error& why) override {
    trouble_ = why.message;
    heard("closed");
  }

  // Ours trusts `authority_`; `server` is whom it means to reach.
  void connect(const std::string& server = "redis.example", ClientFiles files = {}) {
    if (files.authorities.empty()) files.authorities = authority_.certificate();
    const auto client = Client::make(files);
    ASSERT_TRUE(client.ok()) << client.error().message;
    client_ = *client;
    wire_ = std::make_unique<SecuredWire>(network_, time_.wheel, *client_, server, kServerAddress,
                                          *this);
  }
  void serve(ServerSettings settings) {
    if (settings.papers.key.empty()) settings.papers = authority_.issue("DNS:redis.example");
    server_.emplace(network_.peers.back(), settings);
    server_->fragment = fragment_;
    peer().accept_connection();
    server_->pump();
  }
  void make_pair() {
    connect();
    serve({});
    ASSERT_TRUE(was_heard("connected")) << trouble_;
  }
  // What our side has written leaves, and is answered.
  void turn() {
    time_.turn();
    network_.flush();
    if (server_) server_->pump();
  }
  void write(std::string bytes) {
    wire_->write(std::move(bytes));
    turn();
  }

  [[nodiscard]] fake::Peer& peer() { return *network_.peers.back(); }
  [[nodiscard]] bool was_heard(const std::string& what) const {
    return std::find(calls_.begin(), calls_.end(), what) != calls_.end();
  }
  void heard(const std::string& what) {
    calls_.push_back(what);
    if (const auto then = then_) then(what);
  }

  fake::Time time_;
  fake::Network network_;
  Authority authority_{"authority"};
  std::shared_ptr<const Client> client_;
  std::optional<ServerEnd> server_;
  std::size_t fragment_ = fake::Peer::kAll;
  std::vector<std::string> calls_;
  std::string received_;
  std::string trouble_;
  std::function<void(const std::string&)> then_;
  std::unique_ptr<SecuredWire> wire_;
};

inline std::string pattern(std::size_t size) {
  std::string bytes(size, 0);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 31 + i / 251) & 0xff);
  return bytes;
}

}  // namespace convoke::tls
