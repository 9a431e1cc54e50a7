// What is known of a call that is not in memory: all of it but its qualifier and event, which only
// its accepted record has.
//
// Encoded for scratch files alone, which no other start reads: the layout may change freely.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke::journal {

struct CallNote {
  CallId id;
  FunctionId function;
  std::uint64_t order = 0;  // see OrderKeys
  WallTime accepted{};
  WallTime due{};             // of the attempt to come
  WallTime first_due{};       // as accepted
  std::uint64_t segment = 0;  // where its accepted record stands: sequence,
  std::uint32_t offset = 0;   // first byte
  std::uint32_t size = 0;     // and length
  std::uint32_t journal = 0;
  std::uint32_t function_errors = 0;
  std::uint32_t retries = 0;
  std::uint32_t attempt = 0;  // claims in this incarnation
  bool maybe_repeated = false;
  std::string name;
};

inline constexpr std::size_t kNoteBytes = 90;  // and its name
void append(std::string& out, const CallNote& note);
// The note that starts `bytes`, which go on behind it. They are whole.
[[nodiscard]] CallNote take_note(std::string_view& bytes);

}  // namespace convoke::journal
