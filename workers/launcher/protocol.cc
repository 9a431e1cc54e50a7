#include "workers/launcher/protocol.h"

#include <cstring>
#include <type_traits>
#include <utility>

namespace convoke::launcher {
namespace {

constexpr std::uint8_t kVersion = 1;

class Writer {
 public:
  Writer(Kind kind, std::uint64_t token) {
    number(kVersion);
    number(static_cast<std::uint8_t>(kind));
    number(std::uint16_t{0});
    number(std::uint32_t{0});
    number(token);
  }

  template <class Number>
  void number(Number value) {
    static_assert(std::is_integral_v<Number>);
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    packet_.append(bytes, sizeof value);
  }
  void text(const std::string& value) {
    number(static_cast<std::uint32_t>(value.size()));
    packet_ += value;
  }
  [[nodiscard]] std::string take() { return std::move(packet_); }

 private:
  std::string packet_;
};

// Reads on after a failure, giving zeros; complete() tells at the end.
class Reader {
 public:
  explicit Reader(std::string_view packet) : rest_(packet) {}

  template <class Number>
  Number number() {
    Number value{};
    if (rest_.size() < sizeof value) {
      fail();
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  // Goes to execve(2) as a C string, so it holds no zero byte.
  std::string text() {
    const auto size = number<std::uint32_t>();
    if (size > rest_.size()) {
      fail();
      return {};
    }
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    if (value.find('\0') != std::string::npos) fail();
    return value;
  }
  std::vector<std::string> texts(std::uint32_t count) {
    std::vector<std::string> values;
    if (count > rest_.size() / sizeof(std::uint32_t)) fail();
    for (std::uint32_t i = 0; i < count && !failed_; ++i) values.push_back(text());
    return values;
  }
  void fail() {
    failed_ = true;
    rest_ = {};
  }
  [[nodiscard]] bool complete() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

struct Head {
  Kind kind{};
  std::uint64_t token = 0;
};

Head read_head(Reader& reader) {
  if (reader.number<std::uint8_t>() != kVersion) reader.fail();
  Head head;
  head.kind = static_cast<Kind>(reader.number<std::uint8_t>());
  if (reader.number<std::uint16_t>() != 0) reader.fail();
  if (reader.number<std::uint32_t>() != 0) reader.fail();
  head.token = reader.number<std::uint64_t>();
  return head;
}

constexpr Kind kind_of(const Spawn& /*what*/) { return Kind::kSpawn; }
constexpr Kind kind_of(const Signal& /*what*/) { return Kind::kSignal; }
constexpr Kind kind_of(const LookForListener& /*what*/) { return Kind::kLookForListener; }
constexpr Kind kind_of(const SampleMemory& /*what*/) { return Kind::kSampleMemory; }
constexpr Kind kind_of(const Kill& /*what*/) { return Kind::kKill; }
constexpr Kind kind_of(const Spawned& /*what*/) { return Kind::kSpawned; }
constexpr Kind kind_of(const SpawnFailed& /*what*/) { return Kind::kSpawnFailed; }
constexpr Kind kind_of(const Listener& /*what*/) { return Kind::kListener; }
constexpr Kind kind_of(const Memory& /*what*/) { return Kind::kMemory; }
constexpr Kind kind_of(const Exited& /*what*/) { return Kind::kExited; }

void write(Writer& to, const Spawn& what) {
  to.number(static_cast<std::uint32_t>(what.request.argv.size()));
  to.number(static_cast<std::uint32_t>(what.request.environment.size()));
  to.text(what.request.working_directory);
  for (const std::string& argument : what.request.argv) to.text(argument);
  for (const std::string& variable : what.request.environment) to.text(variable);
}
void write(Writer& to, const Signal& what) { to.number(what.signal); }
void write(Writer& to, const LookForListener& what) { to.number(what.port); }
void write(Writer& /*to*/, const SampleMemory& /*what*/) {}
void write(Writer& /*to*/, const Kill& /*what*/) {}
void write(Writer& to, const Spawned& what) { to.number(what.pid); }
void write(Writer& to, const SpawnFailed& what) {
  to.number(what.errno_value);
  to.number(static_cast<std::uint8_t>(what.step));
}
void write(Writer& to, const Listener& what) {
  to.number(what.port);
  to.number(what.memory_peak_kib);
  to.number(static_cast<std::uint8_t>(what.owner));
  to.number(static_cast<std::uint8_t>(what.group_ports.size()));
  for (const std::uint16_t port : what.group_ports) to.number(port);
}
void write(Writer& to, const Memory& what) { to.number(what.memory_peak_kib); }
void write(Writer& to, const Exited& what) {
  to.number(what.code);
  to.number(what.signal);
}

Spawn read_spawn(Reader& from) {
  const auto argc = from.number<std::uint32_t>();
  const auto envc = from.number<std::uint32_t>();
  Spawn what;
  what.request.working_directory = from.text();
  what.request.argv = from.texts(argc);
  what.request.environment = from.texts(envc);
  if (what.request.argv.empty()) from.fail();
  return what;
}

// The number names a process group to be killed: 0 and 1 would mean others'.
Spawned read_spawned(Reader& from) {
  const Spawned what{from.number<std::int32_t>()};
  if (what.pid <= 1) from.fail();
  return what;
}

SpawnFailed read_spawn_failed(Reader& from) {
  SpawnFailed what;
  what.errno_value = from.number<std::int32_t>();
  what.step = static_cast<Step>(from.number<std::uint8_t>());
  if (what.step < Step::kFork || what.step > Step::kInterpreter) from.fail();
  return what;
}

Listener read_listener(Reader& from) {
  Listener what;
  what.port = from.number<std::uint16_t>();
  what.memory_peak_kib = from.number<std::uint64_t>();
  what.owner = static_cast<ListenerReport::Owner>(from.number<std::uint8_t>());
  if (what.owner > ListenerReport::Owner::kStranger) from.fail();
  const std::size_t count = from.number<std::uint8_t>();
  if (count > kListenerPortsMax) from.fail();
  for (std::size_t i = 0; i < count; ++i) what.group_ports.push_back(from.number<std::uint16_t>());
  return what;
}

Exited read_exited(Reader& from) {
  Exited what;
  what.code = from.number<std::int32_t>();
  what.signal = from.number<std::int32_t>();
  return what;
}

template <class Message>
std::string encode_any(const Message& message) {
  return std::visit(
      [&message](const auto& what) {
        Writer to(kind_of(what), message.token);
        write(to, what);
        return to.take();
      },
      message.what);
}

}  // namespace

std::string_view name_of(Step step) {
  switch (step) {
    case Step::kFork:
      return "fork";
    case Step::kSetup:
      return "setup";
    case Step::kChdir:
      return "chdir";
    case Step::kExec:
      return "exec";
    case Step::kInterpreter:
      return "interpreter";
  }
  return "unknown";
}

std::string encode(const Request& request) { return encode_any(request); }
std::string encode(const Reply& reply) { return encode_any(reply); }

std::optional<Request> decode_request(std::string_view packet) {
  Reader from(packet);
  const Head head = read_head(from);
  Request request;
  request.token = head.token;
  if (head.kind == Kind::kSpawn) {
    request.what = read_spawn(from);
  } else if (head.kind == Kind::kSignal) {
    request.what = Signal{from.number<std::int32_t>()};
  } else if (head.kind == Kind::kLookForListener) {
    request.what = LookForListener{from.number<std::uint16_t>()};
  } else if (head.kind == Kind::kSampleMemory) {
    request.what = SampleMemory{};
  } else if (head.kind == Kind::kKill) {
    request.what = Kill{};
  } else {
    from.fail();
  }
  if (!from.complete()) return std::nullopt;
  return request;
}

std::optional<Reply> decode_reply(std::string_view packet) {
  Reader from(packet);
  const Head head = read_head(from);
  Reply reply;
  reply.token = head.token;
  if (head.kind == Kind::kSpawned) {
    reply.what = read_spawned(from);
  } else if (head.kind == Kind::kSpawnFailed) {
    reply.what = read_spawn_failed(from);
  } else if (head.kind == Kind::kListener) {
    reply.what = read_listener(from);
  } else if (head.kind == Kind::kMemory) {
    reply.what = Memory{from.number<std::uint64_t>()};
  } else if (head.kind == Kind::kExited) {
    reply.what = read_exited(from);
  } else {
    from.fail();
  }
  if (!from.complete()) return std::nullopt;
  return reply;
}

}  // namespace convoke::launcher
