#include "workers/custom_runtime.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "workers/invoke_head.h"
#include "workers/start_errors.h"

namespace convoke {
namespace {

constexpr std::string_view kLoopback = "127.0.0.1";
constexpr std::string_view kStatusOfFunctionError = "404";

class NobodyIsAccepted final : public AcceptHandler {
 public:
  void on_accept(std::unique_ptr<Wire> /*wire*/) override {}
};

Error connection_error(http::ClientFailure failure, const std::string& detail) {
  const std::string_view what =
      failure == http::ClientFailure::kNotSent       ? "the call could not be sent to the instance"
      : failure == http::ClientFailure::kBadResponse ? "the instance answered with no legal HTTP"
                                                     : "the connection to the instance was lost "
                                                       "before it had answered; it may have run";
  return {ErrorCode::kBadResponse, fmt::format("{} ({})", what, detail)};
}

// Ours: a program that answers a queued call with 429 or 503, and says nothing by x-fc-status, asks
// for it to come again later. Function Compute takes that for a success; the call would be lost.
bool has_no_room(const http::Response& response) {
  return (response.status == 429 || response.status == 503) &&
         response.headers.find("x-fc-status") == nullptr;
}

Error no_room_error(int status) {
  return {
      status == 429 ? ErrorCode::kResourceThrottled : ErrorCode::kServiceUnavailable,
      fmt::format("the function answered with status {}: it has no room for the call now", status)};
}

}  // namespace

class CustomRuntime::Lane final : private http::ClientHandler {
 public:
  explicit Lane(CustomRuntime& owner)
      : owner_(owner),
        client_(owner.edge_.wires,
                {Address::Kind::kTcp, std::string(kLoopback), owner.port_.port()}, limits(), *this),
        head_(*owner.function_, owner.place_) {}

  [[nodiscard]] bool idle() const { return !busy_; }

  void initialize(const CallId& request_id) {
    busy_ = true;
    call_.reset();
    client_.send(initialize_head(*owner_.function_, owner_.place_, request_id,
                                 owner_.host_->lineage_before_calls()),
                 {});
  }

  void invoke(const Attempt& attempt) {
    busy_ = true;
    call_ = attempt.id;
    is_http_ = attempt.http != nullptr;
    is_queued_ = attempt.asynchronous;
    client_.send(head_.for_attempt(attempt),
                 attempt.event != nullptr ? std::string_view(*attempt.event) : std::string_view());
  }

 private:
  static http::ClientLimits limits() {
    http::ClientLimits limits;
    limits.body_bytes_max = kReplyBytesMax;
    return limits;
  }

  void on_response(http::Response response) override {
    busy_ = false;
    if (!call_.has_value()) return on_initialized(response);
    const CallId call = *call_;  // the host may hand us the next one before it returns
    if (is_http_) return owner_.host_->answered_http(call, std::move(response));
    if (is_queued_ && has_no_room(response)) {
      return owner_.host_->answered_badly(call, no_room_error(response.status));
    }
    const bool failed = response.headers.get("x-fc-status") == kStatusOfFunctionError;
    owner_.host_->answered(call, std::move(response.body),
                           failed ? FunctionError::kUnhandled : FunctionError::kNone);
  }

  void on_initialized(const http::Response& response) {
    if (response.status / 100 == 2) return owner_.host_->initialized(std::nullopt);
    owner_.host_->initialized(function_error_body(
        fmt::format("Function instance initialization failed: POST /initialize was answered with "
                    "status {}",
                    response.status),
        "InitializationError"));
  }

  void on_failure(http::ClientFailure failure, const std::string& detail) override {
    busy_ = false;
    const Error error = connection_error(failure, detail);
    if (!call_.has_value()) {
      return owner_.host_->initializer_lost(function_error_body(
          "Function instance initialization failed: " + error.message, "InitializationError"));
    }
    const CallId call = *call_;
    if (failure == http::ClientFailure::kBadResponse) {
      return owner_.host_->answered_badly(call, error);
    }
    const bool sent = failure != http::ClientFailure::kNotSent;
    owner_.host_->lost(call, error, sent ? Begun::kPerhaps : Begun::kCertainlyNot);
  }

  CustomRuntime& owner_;
  http::Client client_;
  InvokeHead head_;
  bool busy_ = false;
  bool is_http_ = false;        // that call
  bool is_queued_ = false;      // it comes again if it must
  std::optional<CallId> call_;  // none: the initializer
};

CustomRuntime::CustomRuntime(FunctionPtr function, std::string instance_id, const Place& place,
                             const Edge& edge)
    : function_(std::move(function)),
      instance_id_(std::move(instance_id)),
      place_(place),
      edge_(edge) {}

CustomRuntime::~CustomRuntime() = default;

Result<SpawnRequest> CustomRuntime::open(LinkHost& host) {
  host_ = &host;
  std::optional<PortLease> port = free_port();
  if (!port.has_value()) {
    return Error{ErrorCode::kResourceExhausted, "no port is free for another instance"};
  }
  port_ = std::move(*port);
  const std::string& directory = function_->code.directory;
  return SpawnRequest{{directory + "/bootstrap"},
                      child_environment(*function_, instance_id_, place_, port_.port()),
                      directory};
}

// Held by no other instance of this engine, nor, as far as can be seen, by another program.
std::optional<PortLease> CustomRuntime::free_port() {
  NobodyIsAccepted nobody;
  for (int probes = 0; probes < kPortProbesMax; ++probes) {
    std::optional<PortLease> port = edge_.ports.take();
    if (!port.has_value()) return std::nullopt;
    const Address address{Address::Kind::kTcp, std::string(kLoopback), port->port()};
    if (edge_.wires.listen(address, nobody).ok()) return port;
  }
  return std::nullopt;
}

void CustomRuntime::spawned(Process& process) {
  process_ = &process;
  look_again();
}

void CustomRuntime::look() { process_->look_for_listener(port_.port()); }

void CustomRuntime::look_again() {
  edge_.wheel.schedule(look_timer_, edge_.clock.now() + look_in_);
  look_in_ = std::min<Duration>(2 * look_in_, kLookMax);
}

void CustomRuntime::on_listener(const ListenerReport& report) {
  switch (report.owner) {
    case ListenerReport::Owner::kGroup:
      return host_->link_up(report.memory_peak_mb);
    case ListenerReport::Owner::kStranger:
      return host_->link_failed(fmt::format(
          "Port {} is held by a process that does not belong to the instance.", port_.port()));
    case ListenerReport::Owner::kNobody:
      return judge_wrong_port(report);
  }
}

void CustomRuntime::judge_wrong_port(const ListenerReport& report) {
  const Instant now = edge_.clock.now();
  if (report.group_ports.empty()) {
    wrong_port_since_.reset();
    return look_again();
  }
  if (!wrong_port_since_.has_value()) wrong_port_since_ = now;
  if (now - *wrong_port_since_ < kWrongPortGrace) return look_again();
  host_->link_failed(fmt::format(
      "The bootstrap ignores FC_SERVER_PORT: it listens on port {}, and must listen on port {}, "
      "which FC_SERVER_PORT names.",
      fmt::join(report.group_ports, ", "), port_.port()));
}

void CustomRuntime::initialize(const CallId& request_id) { idle_lane().initialize(request_id); }

void CustomRuntime::invoke(const Attempt& attempt) { idle_lane().invoke(attempt); }

CustomRuntime::Lane& CustomRuntime::idle_lane() {
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (lane->idle()) return *lane;
  }
  lanes_.push_back(std::make_unique<Lane>(*this));
  return *lanes_.back();
}

std::string CustomRuntime::waiting_for() const {
  return fmt::format("Ping CA failed due to: dial tcp {}:{}: getsockopt: connection refused",
                     kLoopback, port_.port());
}

Error CustomRuntime::spawn_error(const SpawnFailure& failure) const {
  return bootstrap_not_spawned(failure);
}

}  // namespace convoke
