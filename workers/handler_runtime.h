// The link to a handler runtime of ours: `module.function(event, context)` in python3, spoken to in
// frames (frames.h) over a Unix socket that the engine listens on and the runtime connects to.
//
// A missing module or function does not fail the start: the runtime answers each call with an error
// that names it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/edge/wires.h"
#include "core/model/function.h"
#include "workers/child_environment.h"
#include "workers/frames.h"
#include "workers/runtime_link.h"

namespace convoke {

struct HandlerRuntimeOptions {
  std::string python = "/usr/bin/python3";
  std::string python_runtime;  // where write_python_runtime() put it
  // For one socket per starting instance; closed to others, and short: a socket's whole path has at
  // most 107 bytes.
  std::string socket_directory;
};

class HandlerRuntime final : public RuntimeLink, private AcceptHandler, private WireHandler {
 public:
  HandlerRuntime(FunctionPtr function, std::string instance_id, const Place& place,
                 const HandlerRuntimeOptions& options, Wires& wires);
  ~HandlerRuntime() override;
  HandlerRuntime(const HandlerRuntime&) = delete;
  HandlerRuntime& operator=(const HandlerRuntime&) = delete;

  Result<SpawnRequest> open(LinkHost& host) override;
  void spawned(Process& process) override;
  void on_listener(const ListenerReport& report) override;
  void initialize(const CallId& request_id) override;
  void invoke(const Attempt& attempt) override;
  [[nodiscard]] std::string waiting_for() const override;
  [[nodiscard]] Error spawn_error(const SpawnFailure& failure) const override;

 private:
  void on_accept(std::unique_ptr<Wire> wire) override;
  void on_bytes(std::string_view bytes) override;
  void on_eof() override;
  void on_closed(const Error& why) override;

  struct Inside {
    std::uint64_t number;
    CallId id;
    std::uint64_t ends;  // the call's last byte, of all that was ever sent
    bool is_http;
  };

  [[nodiscard]] const http::AccessKey* new_credentials();
  void send(std::string frame);
  void take(Frame frame);
  void take_answer(Frame frame, FunctionError kind);
  void take_http_answer(const CallId& id, std::string payload);
  void break_link();
  [[nodiscard]] std::vector<CallId> unread() const;

  const FunctionPtr function_;
  const std::string instance_id_;
  const Place place_;
  const HandlerRuntimeOptions options_;
  Wires& wires_;
  LinkHost* host_ = nullptr;
  bool ready_ = false;
  CredentialsPtr credentials_;  // as the runtime was told last
  std::uint64_t last_call_ = 0;
  std::vector<Inside> calls_;
  std::uint64_t sent_ = 0;  // bytes
  FrameReader reader_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Wire> wire_;
};

}  // namespace convoke
