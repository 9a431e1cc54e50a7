// Listening sockets that this program was started with, as systemd hands them over: LISTEN_FDS of
// them, from descriptor 3 on, meant for the process LISTEN_PID.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/edge/owned_fd.h"
#include "tools/outcome.h"

namespace convoke::cli {

inline constexpr int kFirstHandedOver = 3;
inline constexpr int kHandedOverMax = 256;

// Those meant for `process`; none if they are meant for another. Takes the variables out of the
// environment, so that no child of ours believes them to be its own: to be asked once, before there
// are threads. Failure: LISTEN_FDS is no number, or too great.
[[nodiscard]] Outcome<std::vector<OwnedFd>> take_handed_over(pid_t process);

// This environment, with LISTEN_FDS and LISTEN_PID set to say that `count` are for `process`.
[[nodiscard]] std::vector<std::string> environment_handing_over(std::size_t count, pid_t process);

}  // namespace convoke::cli
