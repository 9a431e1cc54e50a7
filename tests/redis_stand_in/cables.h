// Cables in virtual time between those who connect and one who listens: what goes in at one end
// comes out at the other, cut where the test wants it. Where nobody listens, a connection is
// refused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/http/fake_wires.h"

namespace convoke::fake {

class Cables {
 public:
  [[nodiscard]] Wires& clients() { return clients_; }
  [[nodiscard]] Wires& server() { return server_; }

  // What was written leaves, and arrives, and so does what that makes the other side write. Did
  // anything happen?
  bool turn() {
    const std::size_t before = happened_;
    clients_.flush();
    server_.flush();
    connect_new();
    for (std::size_t i = 0; i < joined_.size(); ++i) carry(joined_[i]);
    joined_.erase(std::remove_if(joined_.begin(), joined_.end(), are_gone), joined_.end());
    return happened_ > before;
  }

  std::size_t piece_max = Peer::kAll;  // bytes that arrive at once

 private:
  struct Cable {
    std::shared_ptr<Peer> client;
    std::shared_ptr<Peer> server;
  };

  void connect_new() {
    while (seen_ < clients_.peers.size()) {
      const std::shared_ptr<Peer> client = clients_.peers[seen_++];
      ++happened_;
      if (client->gone()) continue;
      if (!server_.listening()) {
        client->reset("ECONNREFUSED");
        continue;
      }
      joined_.push_back({client, server_.dial()});
      client->accept_connection();
    }
  }

  void carry(const Cable& cable) {
    arrive(*cable.server, cable.client->take_received());
    if (cable.client->gone()) cable.server->end();
    arrive(*cable.client, cable.server->take_received());
    if (cable.server->gone()) cable.client->end();
  }
  void arrive(Peer& at, std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, piece_max);
      bytes.remove_prefix(piece.size());
      at.send(piece);
      ++happened_;
    }
  }
  static bool are_gone(const Cable& cable) { return cable.client->gone() && cable.server->gone(); }

  Network clients_;
  Network server_;
  std::vector<Cable> joined_;
  std::size_t seen_ = 0;  // of those who connected
  std::size_t happened_ = 0;
};

}  // namespace convoke::fake
