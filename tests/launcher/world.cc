#include "tests/launcher/world.h"

#include <poll.h>

#include <filesystem>
#include <fstream>

namespace convoke {
namespace {

constexpr Seconds kLongEnough{30};

}  // namespace

World::World() {
  auto started = LauncherProcess::start(CONVOKE_LAUNCHER, 1);
  if (!started) {
    ADD_FAILURE() << started.error().message;
    std::abort();
  }
  launcher = std::move(started).value();
  spawner.emplace(loop, *launcher, ShardIndex{0});
}

bool World::run_until(const std::function<bool()>& done) {
  bool late = false;
  Timer limit(&late, [](void* flag) { *static_cast<bool*>(flag) = true; });
  loop.timers().schedule(limit, loop.now() + kLongEnough);
  while (!done() && !late) loop.run_one_turn();
  return done();
}

std::unique_ptr<Process> World::spawn(std::vector<std::string> argv, ProcessHandler& handler) {
  return spawner->spawn({std::move(argv), {}, "/"}, handler);
}

std::unique_ptr<Process> World::spawn_child(const std::string& act, ProcessHandler& handler) {
  const std::string variable = "INSTANCE=" + std::to_string(++children_);
  return spawner->spawn({{CONVOKE_TEST_CHILD, act}, {variable}, "/"}, handler);
}

Recorder World::run_to_end(SpawnRequest request) {
  Recorder recorder;
  const auto process = spawner->spawn(std::move(request), recorder);
  EXPECT_TRUE(run_until([&] { return recorder.exited || recorder.failed; }));
  return recorder;
}

Recorder World::run_shell(const std::string& script) {
  return run_to_end({{"/bin/sh", "-c", script}, {}, "/"});
}

bool is_gone(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  if (!std::getline(file, stat)) return true;
  const std::size_t name_end = stat.rfind(')');
  return stat.size() < name_end + 3 || stat[name_end + 2] == 'Z' || stat[name_end + 2] == 'X';
}

bool await(const std::function<bool()>& done) {
  const Instant limit = monotonic_now() + kLongEnough;
  while (!done() && monotonic_now() < limit) ::poll(nullptr, 0, 2);
  return done();
}

std::size_t open_descriptors(pid_t pid) {
  const std::filesystem::directory_iterator open("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

}  // namespace convoke
