#include "workers/log_tail.h"

#include <fmt/format.h>

#include <chrono>

namespace convoke {

std::string format_log_tail(std::string_view lines, Duration duration, std::uint32_t memory_size_mb,
                            double memory_used_mb) {
  std::string text;
  text.reserve(lines.size() + 256);
  for (const char byte : lines) {
    if (byte == '\n') text.push_back('\r');
    text.push_back(byte);
  }
  const double duration_ms = std::chrono::duration<double, std::milli>(duration).count();
  const auto billed = std::chrono::ceil<Millis>(duration);
  text += fmt::format(
      "\n\nDuration: {:.2f} ms, Billed Duration: {} ms, Memory Size: {} MB, "
      "Max Memory Used: {:.2f} MB",
      duration_ms, billed.count(), memory_size_mb, memory_used_mb);
  return text;
}

}  // namespace convoke
