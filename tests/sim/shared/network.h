// The network between engines and the server that they share, in virtual time. Bytes take their
// time and arrive in order and in pieces; what is on its way when a connection ends may arrive long
// after, or never.
//
// A side that reads nothing is written to no more than a window's worth; the rest waits where it
// was written, and is known never to have been read.
#pragma once

#include <memory>
#include <vector>

#include "core/edge/wires.h"
#include "tests/sim/instance.h"
#include "tests/sim/stage.h"

namespace convoke::sim::shared {

class Network {
 public:
  explicit Network(Stage& stage);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // Of one shard, whose handlers run in turns of its. The network outlives it.
  [[nodiscard]] std::unique_ptr<Wires> client(TurnIn turn_in);
  [[nodiscard]] Wires& server();

  // One of the connections that there are, if there is any.
  void cut_one();      // of what is on its way, some bytes arrive
  void silence_one();  // none does, and nobody is told

 private:
  class Connection;
  class End;
  class Clients;
  class Servers;
  class Listening;

  [[nodiscard]] std::shared_ptr<Connection> any();

  Stage& stage_;
  Rng rng_;
  std::vector<std::weak_ptr<Connection>> connections_;
  AcceptHandler* acceptor_ = nullptr;
  std::unique_ptr<Servers> servers_;
};

}  // namespace convoke::sim::shared
