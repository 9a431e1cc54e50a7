// The program that takes this one's place: whatever now lies at the path that this one was started
// from, with the same command line. So replacing the file and a signal is an upgrade.
//
// It takes the place of this very process (exec): same id, same parent, same standard streams. It
// is asked beforehand, as a child, whether it could: `PROGRAM serve ... --check`.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "core/edge/owned_fd.h"
#include "tools/outcome.h"

namespace convoke::cli {

class Successor {
 public:
  static constexpr std::chrono::seconds kCheckMax{10};

  // Of this program as it was started.
  Successor();

  [[nodiscard]] const std::string& program() const { return command_line_.front(); }

  // Blocks for kCheckMax at most; what the child has to say goes to our stderr. Failure: it cannot
  // be run, does not want the sockets or the options, or is silent.
  [[nodiscard]] Outcome<Done> check(const std::vector<OwnedFd>& sockets) const;

  // Does not return if all goes well. If the program can no longer be executed, the one that runs
  // now is started once more in its stead: somebody must serve. Pending signals are kept.
  [[nodiscard]] Failure take_over(std::vector<OwnedFd> sockets) const;

 private:
  std::vector<std::string> command_line_;
};

}  // namespace convoke::cli
