#include "tests/sim/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace convoke::sim {

void Trace::note(std::string_view what, std::uint64_t a, std::uint64_t b) {
  mix(static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
  for (const char c : what) mix(static_cast<unsigned char>(c));
  mix(a);
  mix(b);
  last_[count_++ % kKept] = Note{clock_.now(), what, a, b};
}

// A call's first eight digits are its number, which is all that a reader needs (callers.cc).
void Trace::note(std::string_view what, const CallId& id, std::uint64_t b) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = (number << 8) | id.bytes()[i];
  note(what, number, b);
}

std::string Trace::last_events() const {
  std::string text;
  for (std::uint64_t i = count_ - std::min<std::uint64_t>(count_, kKept); i < count_; ++i) {
    const Note& note = last_[i % kKept];
    const std::chrono::duration<double> at = note.at.time_since_epoch();
    text += fmt::format("  {:12.6f} s  {} {} ({:#x})\n", at.count(), note.what, note.a, note.b);
  }
  return text;
}

}  // namespace convoke::sim
