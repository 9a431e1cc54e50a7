// The engine's directory: whose it is, and where things are in it.
//
//   lock               held (flock) by the engine that runs here; holds its pid
//   registry.db        services, functions, limits (SQLite)
//   history.db         what became of named and of failed calls (SQLite)
//   code/              unpacked packages
//   shared-code/       those of a registry that engines share on a server
//   queue/             incarnation, journal-0/, journal-1/, ...
//   logs/              what functions wrote, by function id
//   runtime/python.py  the python3 runtime of this version
//   delivery.key       what deliveries to URLs are signed with (core/loop/key_file.h)
//   token.key          what credentials of functions are made with; where there are access keys
//
// Blocking; used at start.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/state_lock.h"
#include "core/model/error.h"

namespace convoke {

// Where things are in a state directory; it need not be there.
class StatePlaces {
 public:
  explicit StatePlaces(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string history() const { return path_ + "/history.db"; }
  [[nodiscard]] std::string queue() const { return path_ + "/queue"; }
  [[nodiscard]] std::string journal(std::uint32_t number) const;
  [[nodiscard]] std::string shared_code() const { return path_ + "/shared-code"; }
  [[nodiscard]] std::string logs() const { return path_ + "/logs"; }
  [[nodiscard]] std::string python_runtime() const { return path_ + "/runtime/python.py"; }
  [[nodiscard]] std::string delivery_key() const { return path_ + "/delivery.key"; }
  [[nodiscard]] std::string token_key() const { return path_ + "/token.key"; }
  // Numbers of the journals that exist, ascending.
  [[nodiscard]] std::vector<std::uint32_t> journals() const;

 private:
  std::string path_;
};

class StateDirectory : public StatePlaces {
 public:
  // Makes what is missing (readable by its owner alone) and takes the lock. ServiceUnavailable when
  // another engine has it for `wait_max` and longer: the message names its pid.
  [[nodiscard]] static Result<StateDirectory> open(const std::string& path, Duration wait_max = {});
  // Whether open() could be tried, now or when the engine that has it is gone: changes nothing.
  [[nodiscard]] static Result<void> check(const std::string& path);
  ~StateDirectory();
  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&&) = delete;
  StateDirectory(const StateDirectory&) = delete;

  // For Unix sockets, whose paths are short by law: below this directory where that fits, else in a
  // directory of its own under /tmp, removed with this object.
  [[nodiscard]] const std::string& sockets() const { return sockets_; }

 private:
  StateDirectory(std::string absolute, std::unique_ptr<StateLock> lock)
      : StatePlaces(std::move(absolute)), lock_(std::move(lock)) {}
  [[nodiscard]] Result<void> make_sockets_directory();

  std::string sockets_;
  std::unique_ptr<StateLock> lock_;
};

}  // namespace convoke
