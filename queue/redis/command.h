// A Redis command in the making: arguments are appended, encoded as they come, to one buffer.
//
//     connection.send(Command("XADD").arg(key).arg("*").arg("event").arg(event), handler);
//
// Where many are sent, one Command restarted for each allocates nothing.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace convoke::redis {

template <class T>
concept CommandNumber = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

class Command {
 public:
  explicit Command(std::string_view name) { arg(name); }

  Command& arg(std::string_view bytes);
  template <CommandNumber Number>
  Command& arg(Number number) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
    return arg({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  // Another command, in the same buffer.
  Command& restart(std::string_view name);
  // The arguments of `other` but for the first `skipped`, behind those of this one.
  Command& args_of(const Command& other, std::uint32_t skipped);

  [[nodiscard]] std::uint32_t args() const { return args_; }  // its name counts as one
  // Its name is the first, 0; beyond the last: "". Until the command is changed.
  [[nodiscard]] std::string_view word(std::uint32_t i) const;
  [[nodiscard]] std::size_t size() const;  // bytes, encoded
  void append_to(std::string& out) const;

 private:
  std::string encoded_;  // the arguments; how many comes first on the wire, and is known last
  std::uint32_t args_ = 0;
};

}  // namespace convoke::redis
